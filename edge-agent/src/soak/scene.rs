//! What is in front of the camera, and the camera and networks that see it or fail.

use super::visitors::Visitor;
use crate::camera::{CameraError, Captured, FrameSource};
use crate::sight::{Seen, Sight};
use models::{Frame, ModelError};
use policy::Attention;
use shared::gallery::Gallery;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What the camera and the networks do in the next frame.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) faces: Vec<Visitor>,
    pub(super) camera_fails: u32,
    pub(super) networks_fail: u32,
    pub(super) noise: f32,
}

pub(super) type Shared<T> = Arc<Mutex<T>>;

pub(super) struct Camera {
    frame: Frame,
    scene: Shared<Scene>,
}

impl Camera {
    pub(super) fn new(scene: Shared<Scene>) -> Self {
        Self { frame: Frame::from_rgb(1, 1, vec![128; 3]).unwrap(), scene }
    }
}

impl FrameSource for Camera {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        let mut scene = self.scene.lock().unwrap();
        if scene.camera_fails > 0 {
            scene.camera_fails -= 1;
            return Err(CameraError::NoFiles { folder: PathBuf::from("a camera that is lost") });
        }
        Ok(Captured::Frame(&self.frame, None))
    }
}

impl Scene {
    pub(super) fn is_seen(&self) -> bool {
        self.camera_fails == 0 && self.networks_fail == 0
    }
}

/// Replaces the networks.
pub(super) struct ScriptedSight {
    pub(super) scene: Shared<Scene>,
}

impl Sight for ScriptedSight {
    fn look(&mut self, _: &Frame, gallery: &Gallery, attention: Attention) -> Result<Seen, ModelError> {
        let mut scene = self.scene.lock().unwrap();
        if scene.networks_fail > 0 {
            scene.networks_fail -= 1;
            return Err(ModelError::Read { path: PathBuf::new(), source: io::Error::other("out of order") });
        }
        let observed = |visitor: &Visitor| visitor.observed(gallery, attention.claimed, scene.noise);
        Ok(Seen { faces: scene.faces.iter().map(observed).collect(), ..Seen::default() })
    }
}
