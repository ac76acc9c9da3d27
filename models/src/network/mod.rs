//! Plans and runs ONNX networks with tract. This module does not interpret inputs and outputs.
//!
//! A network of supported layers is lowered to the project's own operators (`lower`); any other runs on tract's
//! operators.

mod layer;
mod lower;
mod steps;

use crate::unpanicked::unpanicked;
use crate::{ModelError, onnx};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;
use tract_onnx::tract_core::plan::{SimpleState, eval};

type Plan = Arc<TypedSimplePlan>;

/// Runs a model once on 32-bit floats of this shape and returns its outputs in order, to compare models.
///
/// # Errors
/// [`ModelError::Network`] if the model cannot be planned for that shape or fails.
pub fn run_once(model: ModelProto, shape: &[usize], input: &[f32]) -> Result<Vec<Vec<f32>>, ModelError> {
    let mut runner = Network::new(model)?.plan(shape, 1)?;
    let outputs = runner.run(Tensor::from_shape(shape, input).map_err(ModelError::from_tract)?)?;
    outputs.iter().map(|output| floats(output).map(<[f32]>::to_vec)).collect()
}

/// A decoded network with widened weights, ready to be planned for an input shape.
#[derive(Clone)]
pub(crate) struct Network {
    proto: Arc<ModelProto>,
}

/// A network planned for one input shape. Clones share the weights but not the state; use one clone for each thread.
pub(crate) struct Runner {
    plan: Plan,
    state: Option<State>,
}

type State = SimpleState<TypedFact, Box<dyn TypedOp>>;

impl Clone for Runner {
    fn clone(&self) -> Self {
        Self { plan: Arc::clone(&self.plan), state: None }
    }
}

impl Network {
    /// Decodes an ONNX file and widens its weights.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        Self::new(onnx::decode(bytes)?)
    }

    /// Widens a model's weights.
    pub(crate) fn new(mut model: ModelProto) -> Result<Self, ModelError> {
        if let Some(graph) = model.graph.as_mut() {
            onnx::widen_weights(graph)?;
        }
        Ok(Self { proto: Arc::new(model) })
    }

    /// Plans the network for a float input of this shape. The project's own operators run on this many threads of the
    /// current rayon pool; tract's operators run on one.
    pub(crate) fn plan(&self, shape: &[usize], threads: usize) -> Result<Runner, ModelError> {
        let planned = unpanicked(|| self.plan_in_tract(shape, threads)).map_err(tract_panicked)?;
        Ok(Runner { plan: planned.map_err(ModelError::from_tract)?, state: None })
    }

    fn plan_in_tract(&self, shape: &[usize], threads: usize) -> TractResult<Plan> {
        if let Some(lowered) = self.proto.graph.as_ref().and_then(|graph| lower::lowered(graph, shape, threads)) {
            require_bounded(&lowered)?;
            return lowered.into_runnable();
        }
        self.plan_of_tract(shape)
    }

    /// Plans the network with tract's own operators.
    fn plan_of_tract(&self, shape: &[usize]) -> TractResult<Plan> {
        let typed = tract_onnx::onnx()
            .with_ignore_output_shapes(true)
            .with_ignore_value_info(true)
            .model_for_proto_model(&self.proto)?
            .with_input_fact(0, f32::fact(shape).into())?
            .into_typed()?;
        require_bounded(&typed)?;
        typed.into_optimized()?.into_runnable()
    }
}

/// Checks that every intermediate value, and all of them together, fit into a reasonable amount of memory.
fn require_bounded(model: &TypedModel) -> TractResult<()> {
    let mut all = 0_usize;
    for node in model.nodes() {
        for fact in node.outputs.iter().map(|output| &output.fact) {
            let lengths = fact.shape.as_concrete();
            let numbers = lengths.and_then(|all| all.iter().try_fold(1usize, |product, &len| product.checked_mul(len)));
            if numbers.is_none_or(|numbers| numbers > onnx::tensor::MAX_NUMBERS) {
                bail!("{node} makes {fact:?}, whose size is unknown or too large");
            }
            all = all.saturating_add(numbers.unwrap_or_default());
        }
    }
    if all > 2 * onnx::tensor::MAX_NUMBERS {
        bail!("all values together have {all} numbers, which is too large for memory");
    }
    Ok(())
}

impl Runner {
    /// Runs the network on floats of the planned shape and returns its outputs in order.
    pub(crate) fn run(&mut self, input: Tensor) -> Result<Vec<TValue>, ModelError> {
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.plan.spawn().map_err(ModelError::from_tract)?,
        };
        let outputs = unpanicked(|| state.run(tvec!(input.into_tvalue()))).map_err(tract_panicked)?;
        let outputs = outputs.map_err(ModelError::from_tract)?;
        // Kept only after success: the state after a failed run is undefined.
        self.state = Some(state);
        Ok(outputs.into_vec())
    }
}

impl Runner {
    /// Like [`Runner::run`], and reports the operator and the duration of every step.
    pub(crate) fn run_timed(
        &mut self,
        input: Tensor,
        mut tell: impl FnMut(&str, Duration),
    ) -> Result<Vec<TValue>, ModelError> {
        let mut state = self.plan.spawn().map_err(ModelError::from_tract)?;
        let run = || {
            state.run_plan_with_eval(tvec!(input.into_tvalue()), |context, own_state, node, inputs| {
                let started = Instant::now();
                let outputs = eval(context, own_state, node, inputs);
                tell(&node.op().name(), started.elapsed());
                outputs
            })
        };
        let outputs = unpanicked(run).map_err(tract_panicked)?;
        Ok(outputs.map_err(ModelError::from_tract)?.into_vec())
    }
}

/// The 32-bit floats of an output.
pub(crate) fn floats(output: &TValue) -> Result<&[f32], ModelError> {
    output.try_as_plain_ram().and_then(|plain| plain.as_slice::<f32>()).map_err(ModelError::from_tract)
}

/// The error for a panic in tract. tract has many assertions, and a third-party network must not stop the door unit.
fn tract_panicked(said: String) -> ModelError {
    ModelError::Network(format!("tract panicked: {said}"))
}

#[cfg(test)]
mod tests;
