//! The input image of a network: its layout and size.

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use models::onnx::pb::type_proto::Value as Type;
use models::onnx::pb::{GraphProto, ModelProto};

/// The memory layout of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Layout {
    /// Plane by plane: batch, channels, height, width
    Nchw,
    /// Pixel by pixel: batch, height, width, channels
    Nhwc,
}

/// The input image of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) layout: Layout,
    /// Height and width in pixels; `None` if the network leaves them open.
    pub(super) side: Option<u32>,
}

const COLOURS: i64 = 3;

impl Layout {
    /// The shape of one image.
    pub(super) fn shape(self, side: u32) -> [usize; 4] {
        let side = side as usize;
        match self {
            Self::Nchw => [1, 3, side, side],
            Self::Nhwc => [1, side, side, 3],
        }
    }

    /// Indices of height, width and channels among the dimensions.
    fn places(self) -> [usize; 3] {
        match self {
            Self::Nchw => [2, 3, 1],
            Self::Nhwc => [1, 2, 3],
        }
    }
}

impl Picture {
    /// Reads the declared input of a network. The layout may be `given`. If neither the file nor the user specifies it,
    /// it is planes.
    ///
    /// # Errors
    /// If the input is not a square colour image of 32-bit floats, or its layout differs from the given one.
    pub(super) fn new(model: &ModelProto, given: Option<Layout>) -> Result<Self> {
        let graph = model.graph.as_ref().context("it has no graph")?;
        let Some(dims) = declared_dims(graph)? else {
            return Ok(Self { layout: given.unwrap_or(Layout::Nchw), side: None });
        };
        let said = in_words(&dims);
        let &[_, second, _, last] = dims.as_slice() else {
            bail!("its input has the dimensions {said}; an image has four");
        };
        let layout = match given {
            Some(layout) => layout,
            None if second != Some(COLOURS) && last == Some(COLOURS) => Layout::Nhwc,
            None => Layout::Nchw,
        };
        let [height, width, channels] = layout.places().map(|place| dims[place]);
        ensure!(
            channels.is_none_or(|channels| channels == COLOURS),
            "its input has the dimensions {said}, without {COLOURS} channels in the right place"
        );
        let side = match (height, width) {
            (Some(height), Some(width)) if height != width => bail!("its input {said} is not square"),
            (height, width) => height.or(width).map(u32::try_from).transpose().ok().with_context(|| said)?,
        };
        Ok(Self { layout, side })
    }
}

/// The input's dimensions, `None` for an open one. Nothing if the file does not declare them.
fn declared_dims(graph: &GraphProto) -> Result<Option<Vec<Option<i64>>>> {
    let declared = graph.input.first().and_then(|input| input.r#type.as_ref()?.value.as_ref());
    let Some(Type::TensorType(tensor)) = declared else { return Ok(None) };
    let kind = DataType::try_from(tensor.elem_type).unwrap_or(DataType::Undefined);
    let floats = matches!(kind, DataType::Float | DataType::Undefined);
    ensure!(floats, "its input holds {kind:?} numbers; 32-bit floats are accepted");
    let length = |dimension: &Option<Dimension>| match dimension {
        Some(Dimension::DimValue(length)) if *length > 0 => Some(*length),
        _ => None,
    };
    Ok(tensor.shape.as_ref().map(|shape| shape.dim.iter().map(|dim| length(&dim.value)).collect()))
}

fn in_words(dims: &[Option<i64>]) -> String {
    let words: Vec<String> = dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string())).collect();
    format!("[{}]", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::testing::{graph, model, node};
    use super::*;
    use crate::onnx_parts::floats_value;

    fn taking(dims: &[i64]) -> ModelProto {
        let mut graph = graph(vec![node("Relu", &["x"], "y")], vec![], &["y"]);
        graph.input = vec![floats_value("x", dims)];
        model(graph)
    }

    #[test]
    fn layout_and_size_are_read_from_the_file() {
        let (planes, pixels) = (Layout::Nchw, Layout::Nhwc);
        for (dims, given, layout, side) in [
            (&[1, 3, 112, 112][..], None, planes, Some(112)),
            (&[-1, 3, 112, 112], None, planes, Some(112)),
            (&[8, 3, -1, -1], None, planes, None),
            (&[1, 160, 160, 3], None, pixels, Some(160)),
            (&[0, 0, 0, 3], None, pixels, None),
            (&[0, 0, 0, 0], None, planes, None),
            (&[0, 0, 0, 0], Some(pixels), pixels, None),
            (&[1, 3, 160, 0], None, planes, Some(160)),
        ] {
            assert_eq!(Picture::new(&taking(dims), given).unwrap(), Picture { layout, side }, "{dims:?}");
        }
        let silent = model(graph(vec![node("Relu", &["x"], "y")], vec![], &["y"]));
        assert_eq!(Picture::new(&silent, None).unwrap(), Picture { layout: planes, side: None });
    }

    #[test]
    fn an_input_that_is_not_an_image_is_refused() {
        for (dims, given, named) in [
            (&[1, 3, 112][..], None, "[1, 3, 112]"),
            (&[1, 1, 112, 112], None, "channels"),
            (&[1, 3, 112, 96], None, "not square"),
            (&[1, 3, 112, 112], Some(Layout::Nhwc), "channels"),
            (&[1, 3, i64::MAX, i64::MAX], None, "9223372036854775807"),
        ] {
            let message = format!("{:#}", Picture::new(&taking(dims), given).unwrap_err());
            assert!(message.contains(named), "{dims:?}: {message}");
        }
        let mut bytes = taking(&[1, 3, 112, 112]);
        let input = &mut bytes.graph.as_mut().unwrap().input[0];
        if let Some(Type::TensorType(tensor)) = input.r#type.as_mut().unwrap().value.as_mut() {
            tensor.elem_type = DataType::Uint8.into();
        }
        assert!(Picture::new(&bytes, None).unwrap_err().to_string().contains("Uint8"));
    }
}
