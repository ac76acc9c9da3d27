//! What the system's journal says about an event: a number that identifies its kind, and how serious it is.

use super::event::Event;

impl Event {
    /// The `MESSAGE_ID` of the kind of event, 128 bits: systemd's `journalctl MESSAGE_ID=…` finds it (systemd.journal-fields(7)).
    /// Random, and fixed for ever.
    pub const fn message_id(&self) -> u128 {
        match self {
            Self::Started { .. } => 0x24d0384463fe0bc8acf57e82d3fa2691,
            Self::Stopped => 0x2d69b043d49afb92b7a80baf1605473e,
            Self::DatabaseLoaded { .. } => 0xa96078e4e29bdf4d9950bcefbf7f65ec,
            Self::Granted { .. } => 0x63fa593c0e0a4dc72c2eadbb523d225e,
            Self::PassGranted { .. } => 0x3fcc4c5c077cec3e70d91646f72ae385,
            Self::Refused { .. } => 0x893c4930ed0a14445fc724d40ed173a0,
            Self::DoorForced => 0x00ef1e4838a0358c988f0a0872143f95,
            Self::FireAlarmOn => 0xd7ca3e51fd67e707e8f0630051f0cdad,
            Self::FireAlarmOff { .. } => 0x743a21a037335779aa5659ef7a161a85,
            Self::DoorReleased => 0x403bef904c47175e0bbeadee987b26ad,
            Self::DoorHeld { .. } => 0x366f9ca56cab3dcf9110de2f5fd7a483,
            Self::DoorClosed { .. } => 0xd3dfd0dc57b395ceff44b7745eaa7bee,
            Self::ExitStuck { .. } => 0x45f7961f6fbafe0540e62984e2882217,
            Self::ExitFree { .. } => 0xb595e5081e1d388503b4f21f69bf4194,
            Self::DoorFailed => 0x8b3031b89fc6414837ab45bda88adeab,
            Self::TornLineCut { .. } => 0x36127a1e00e88c5f00952a490db4128a,
            Self::HeadSigned { .. } => 0x2f18c490854be3a507ce226e95b1c04f,
            Self::Pruned { .. } => 0x3a59c2308b92de7384e2746ce60bf862,
            Self::TailMissing { .. } => 0x2a816289244d8bff82a2210cba206686,
            Self::DatabaseRefused { .. } => 0xa1fcf5ed20d773f452f8494f45f4c94e,
            Self::DatabaseReturned { .. } => 0x2e4acd0ec15ef0b2d491a5d1034a0a36,
            Self::Requested { .. } => 0x9d413e2aeaf6e392608495c18e20ad89,
            Self::SelfTestFailed => 0x4e3457f8721bb25ffa3d32deff5725c5,
            Self::LockedOut { .. } => 0x0556b3ecf18fb3d6077cd9f236ea34a1,
            Self::FacesPaced { .. } => 0x337e24a7f3d92db314b025d11b2a0075,
            Self::CardBlocked { .. } => 0x474d8b8210b0c0d227ca0d02f6f91836,
            Self::LockoutCleared { .. } => 0xe21e98208a51824ce45c2aa47d7fdd6c,
            Self::PartFailed { .. } => 0x5a4388b9665413fe37c0d589f7eb6709,
            Self::PartWorks { .. } => 0x56a7a8ea7e29625a488dbfdab232b850,
            Self::HeldOpen { .. } => 0x6b8d9972928f071eee9cede2790d6cfb,
            Self::HoldEnded { .. } => 0x576c3330f976348891ce93cb3f1e9f87,
            Self::LockTested { .. } => 0xc32be464adf5f02f37facbc32978be38,
            Self::AimBegan { .. } => 0xe1aff89c0d16a3384bf19c0adbaab338,
            Self::AimEnded { .. } => 0xf58db3211c263e3c61a9c079d5964c07,
            Self::LockdownBegan { .. } => 0xc24187e4e314cccec1cb04d8d0af4d06,
            Self::LockdownEnded { .. } => 0x85bbbf2c54bd0ad2369f5e4198f47e3b,
            Self::FaceRecognitionOff { .. } => 0x54974bf816d3971f52955ef0db262432,
            Self::FaceRecognitionOn { .. } => 0x0a93621a65cf45ffd1ad4e31329780cb,
            Self::SignedOrder { .. } => 0xfadb63ea195eb144a87db1fbf954fe24,
            Self::Tailgating { .. } => 0x85abb966c591eb3f9670acb05f5bf253,
        }
    }

    /// The `PRIORITY` by syslog (RFC 5424, 6.2.1): 3 error, 4 warning, 5 notice, 6 informational.
    pub const fn priority(&self) -> u8 {
        match self {
            Self::DoorForced
            | Self::DoorFailed
            | Self::TailMissing { .. }
            | Self::SelfTestFailed
            | Self::PartFailed { .. } => 3,
            Self::FireAlarmOn
            | Self::DoorReleased
            | Self::DoorHeld { .. }
            | Self::ExitStuck { .. }
            | Self::DatabaseRefused { .. }
            | Self::DatabaseReturned { .. }
            | Self::LockedOut { .. }
            | Self::FacesPaced { .. }
            | Self::CardBlocked { .. }
            | Self::LockdownBegan { .. }
            | Self::FaceRecognitionOff { .. }
            | Self::Tailgating { .. } => 4,
            Self::FireAlarmOff { .. }
            | Self::Requested { .. }
            | Self::LockoutCleared { .. }
            | Self::HeldOpen { .. }
            | Self::LockTested { .. }
            | Self::AimBegan { .. }
            | Self::AimEnded { .. }
            | Self::LockdownEnded { .. }
            | Self::FaceRecognitionOn { .. }
            | Self::SignedOrder { .. } => 5,
            Self::Started { .. }
            | Self::Stopped
            | Self::DatabaseLoaded { .. }
            | Self::Granted { .. }
            | Self::PassGranted { .. }
            | Self::Refused { .. }
            | Self::DoorClosed { .. }
            | Self::ExitFree { .. }
            | Self::TornLineCut { .. }
            | Self::HeadSigned { .. }
            | Self::Pruned { .. }
            | Self::PartWorks { .. }
            | Self::HoldEnded { .. } => 6,
        }
    }
}
