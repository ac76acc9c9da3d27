//! Reads constant tensors of an ONNX file, with checks of every length.

use crate::ModelError;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;

/// The most elements of a tensor, and of all weights of a network together: a gibibyte of 32-bit floats.
pub const MAX_NUMBERS: usize = 1 << 28;

/// The number of elements according to a tensor's dimensions, at most [`MAX_NUMBERS`].
///
/// # Errors
/// If a dimension is negative or the product is larger.
pub fn element_count(tensor: &TensorProto) -> Result<usize, ModelError> {
    let product = tensor.dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?));
    product
        .filter(|&count| count <= MAX_NUMBERS)
        .ok_or_else(|| wrong(tensor, format!("has dimensions {:?}", tensor.dims)))
}

/// The elements of a float tensor.
///
/// # Errors
/// If the tensor has a different type, or a number of elements that does not match its dimensions.
pub fn floats(tensor: &TensorProto) -> Result<Vec<f32>, ModelError> {
    let count = element_count(tensor)?;
    let values = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) if tensor.raw_data.is_empty() => tensor.float_data.clone(),
        Ok(DataType::Float) => little_endian(tensor)?.map(f32::from_le_bytes).collect(),
        _ => return Err(wrong(tensor, format!("has data type {}, but must have 32-bit floats", tensor.data_type))),
    };
    counted(tensor, values, count)
}

/// The elements of a tensor of 8-bit signed integers.
///
/// # Errors
/// As for [`floats`].
pub fn bytes(tensor: &TensorProto) -> Result<Vec<i8>, ModelError> {
    let count = element_count(tensor)?;
    let values = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Int8) if tensor.raw_data.is_empty() => {
            let narrow = |&value: &i32| {
                i8::try_from(value)
                    .map_err(|_| wrong(tensor, format!("contains {value}, which is not an 8-bit integer")))
            };
            tensor.int32_data.iter().map(narrow).collect::<Result<_, _>>()?
        }
        Ok(DataType::Int8) => tensor.raw_data.iter().map(|&byte| byte.cast_signed()).collect(),
        _ => return Err(wrong(tensor, format!("has data type {}, but must have 8-bit integers", tensor.data_type))),
    };
    counted(tensor, values, count)
}

/// The elements of a tensor of 32-bit signed integers.
///
/// # Errors
/// As for [`floats`].
pub fn words(tensor: &TensorProto) -> Result<Vec<i32>, ModelError> {
    let count = element_count(tensor)?;
    let values = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Int32) if tensor.raw_data.is_empty() => tensor.int32_data.clone(),
        Ok(DataType::Int32) => little_endian(tensor)?.map(i32::from_le_bytes).collect(),
        _ => return Err(wrong(tensor, format!("has data type {}, but must have 32-bit integers", tensor.data_type))),
    };
    counted(tensor, values, count)
}

/// The elements of a tensor of 64-bit integers, such as a shape.
///
/// # Errors
/// As for [`floats`].
pub fn integers(tensor: &TensorProto) -> Result<Vec<i64>, ModelError> {
    let count = element_count(tensor)?;
    let values = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Int64) if tensor.raw_data.is_empty() => tensor.int64_data.clone(),
        Ok(DataType::Int64) => little_endian(tensor)?.map(i64::from_le_bytes).collect(),
        _ => return Err(wrong(tensor, format!("has data type {}, but must have 64-bit integers", tensor.data_type))),
    };
    counted(tensor, values, count)
}

/// A named tensor of 32-bit floats.
pub fn float_tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: DataType::Float.into(),
        raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

fn little_endian<const N: usize>(tensor: &TensorProto) -> Result<impl Iterator<Item = [u8; N]> + '_, ModelError> {
    let (values, rest) = tensor.raw_data.as_chunks::<N>();
    if rest.is_empty() {
        Ok(values.iter().copied())
    } else {
        Err(wrong(tensor, "ends in the middle of a number".to_owned()))
    }
}

fn counted<T>(tensor: &TensorProto, values: Vec<T>, count: usize) -> Result<Vec<T>, ModelError> {
    if values.len() == count {
        return Ok(values);
    }
    let found = values.len();
    Err(wrong(tensor, format!("has {found} numbers, but its dimensions {:?} need {count}", tensor.dims)))
}

fn wrong(tensor: &TensorProto, what: String) -> ModelError {
    ModelError::Network(format!("tensor `{}` {what}", tensor.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        for (dims, values, whole) in [
            (vec![2, 2], vec![0.0; 4], true),
            (vec![], vec![1.0], true),
            (vec![2, 2], vec![0.0; 3], false),
            (vec![-1], vec![0.0; 3], false),
            (vec![i64::MAX, i64::MAX], vec![0.0; 3], false),
        ] {
            assert_eq!(floats(&float_tensor("t", &dims, &values)).is_ok(), whole, "{dims:?}");
        }
        let mut cut = float_tensor("t", &[1], &[1.0]);
        cut.raw_data.pop();
        assert!(floats(&cut).is_err());
        assert!(bytes(&float_tensor("t", &[1], &[1.0])).is_err());
    }
}
