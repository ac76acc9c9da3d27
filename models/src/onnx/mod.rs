//! ONNX files: decoding, encoding, and widening of 8-bit weights. This module does not interpret the networks.

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

/// The largest ONNX file that is read, in bytes.
pub const MAX_BYTES: u64 = 512 << 20;

/// Decodes an ONNX file and validates its graph: every value is defined once and before it is read, there is one input,
/// and the sizes of tensors, windows and constant expressions are within limits. Drops inputs that nothing reads, or
/// that only repeat a constant's name.
///
/// # Errors
/// [`ModelError::Network`] if the bytes are not an ONNX model, or if it has unsupported parts.
pub fn decode(bytes: &[u8]) -> Result<ModelProto, ModelError> {
    let mut model =
        ModelProto::decode(bytes).map_err(|error| ModelError::Network(format!("not an ONNX file: {error}")))?;
    check::sound(&mut model)?;
    Ok(model)
}
