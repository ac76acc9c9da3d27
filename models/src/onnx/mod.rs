//! ONNX files: decoding, encoding, and widening of 8-bit weights. What a network means is not known here.

pub mod attributes;
mod bounds;
mod check;
mod encode;
pub mod tensor;
mod widen;

pub use encode::encode;
pub use tract_onnx::pb;
pub use widen::widen_weights;

use crate::ModelError;
use pb::ModelProto;
use prost::Message;

/// The most bytes of an ONNX file that are worth reading.
pub const MAX_BYTES: u64 = 512 << 20;

/// Decodes an ONNX file and checks that its graph is one: every value made once and before it is read, one input,
/// every tensor's size, every window, and what constants alone make within bounds. Inputs that nothing reads, or that only repeat a constant's name, are dropped.
///
/// # Errors
/// [`ModelError::Network`] if the bytes are not an ONNX model, or one with parts that we do not support.
pub fn decode(bytes: &[u8]) -> Result<ModelProto, ModelError> {
    let mut model = ModelProto::decode(bytes).map_err(|error| ModelError::Network(format!("no ONNX file: {error}")))?;
    check::sound(&mut model)?;
    Ok(model)
}
