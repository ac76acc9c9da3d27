//! Networks for inspection tools: planned for one input shape, run on raw numbers, timed by operator. Detection and
//! encoding do not use this module.

use crate::ModelError;
use crate::network::{Network, Runner, floats};
use crate::onnx::{self, pb::ModelProto};
use crate::unpanicked::unpanicked;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tract_onnx::pb::ValueInfoProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::format_err;

/// A network planned for one input shape. Clones share the weights; use one clone for each thread.
#[derive(Clone)]
pub struct Planned {
    runner: Runner,
    shape: Vec<usize>,
}

/// An output of a network: 32-bit floats in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// The values; their number is the product of the dimensions.
    pub numbers: Vec<f32>,
}

/// The dimensions of a value, and the size of each number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// Bytes of one number.
    pub number_bytes: usize,
}

impl Planned {
    /// Plans a model for a float input of this shape, to run on this many threads of the current rayon pool.
    ///
    /// # Errors
    /// [`ModelError::Network`] if the model cannot be planned for that shape.
    pub fn new(model: ModelProto, shape: &[usize], threads: usize) -> Result<Self, ModelError> {
        Ok(Self { runner: Network::new(model)?.plan(shape, threads)?, shape: shape.to_vec() })
    }

    /// Runs the network once and returns its outputs in order.
    ///
    /// # Errors
    /// [`ModelError`] if the number of values does not match the shape, or the network fails.
    pub fn run(&mut self, numbers: &[f32]) -> Result<Vec<Values>, ModelError> {
        let outputs = self.runner.run(self.input(numbers)?)?;
        outputs
            .iter()
            .map(|made| Ok(Values { shape: made.shape().to_vec(), numbers: floats(made)?.to_vec() }))
            .collect()
    }

    /// Runs the network once and returns the total time of each kind of operator.
    ///
    /// # Errors
    /// As [`Planned::run`].
    pub fn times(&mut self, numbers: &[f32]) -> Result<BTreeMap<String, Duration>, ModelError> {
        let mut times: BTreeMap<String, Duration> = BTreeMap::new();
        self.runner.run_timed(self.input(numbers)?, |operator, time| {
            *times.entry(operator.to_owned()).or_default() += time;
        })?;
        Ok(times)
    }

    fn input(&self, numbers: &[f32]) -> Result<Tensor, ModelError> {
        Tensor::from_shape(&self.shape, numbers).map_err(ModelError::from_tract)
    }
}

/// The extent of every value that a model computes, by name, for a float input of this shape. Weights are widened
/// first, so nodes that only compute weights are not included.
///
/// # Errors
/// [`ModelError::Network`] if the model does not fit the shape.
pub fn extents(mut model: ModelProto, shape: &[usize]) -> Result<HashMap<String, Extent>, ModelError> {
    let Some(graph) = model.graph.as_mut() else { return Ok(HashMap::new()) };
    onnx::widen_weights(graph)?;
    let names: Vec<String> =
        graph.node.iter().flat_map(|node| &node.output).filter(|name| !name.is_empty()).cloned().collect();
    graph.output =
        names.iter().map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() }).collect();
    let facts = unpanicked(|| output_facts(&model, shape));
    let facts = facts.map_err(|said| ModelError::Network(format!("tract panicked: {said}")))?;
    Ok(names.into_iter().zip(facts.map_err(ModelError::from_tract)?).collect())
}

fn output_facts(model: &ModelProto, shape: &[usize]) -> TractResult<Vec<Extent>> {
    let typed = tract_onnx::onnx()
        .with_ignore_output_shapes(true)
        .with_ignore_value_info(true)
        .model_for_proto_model(model)?
        .with_input_fact(0, f32::fact(shape).into())?
        .into_typed()?;
    let extent = |index| -> TractResult<Extent> {
        let fact = typed.output_fact(index)?;
        let shape = fact.shape.as_concrete().ok_or_else(|| format_err!("a value of unknown size"))?.to_vec();
        Ok(Extent { shape, number_bytes: fact.datum_type.size_of() })
    };
    (0..model.graph.as_ref().map_or(0, |graph| graph.output.len())).map(extent).collect()
}
