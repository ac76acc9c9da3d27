//! Writes small ONNX files byte by byte, as an exporter does: the tests do without a library that the programs use too.
//! Field numbers are those of `onnx.proto`.

/// A file under construction: one input, one output.
#[derive(Clone, Debug, Default)]
pub struct OnnxFile {
    graph: Vec<u8>,
}

impl OnnxFile {
    /// Adds a node. Each attribute is one integer or a list of them.
    #[must_use]
    pub fn node(mut self, operator: &str, inputs: &str, output: &str, attributes: &[(&str, &[u64])]) -> Self {
        let inputs = inputs.split(' ').flat_map(|input| field(1, input.as_bytes())).collect();
        let attribute = |(name, values): &(&str, &[u64])| {
            let (values, kind) = match values {
                [value] if !matches!(*name, "axes" | "pads") => (number(3, *value), 2),
                many => (many.iter().flat_map(|&value| number(8, value)).collect(), 7),
            };
            field(5, &[field(1, name.as_bytes()), values, number(20, kind)].concat())
        };
        let attributes = attributes.iter().flat_map(attribute).collect();
        let node = [inputs, field(2, output.as_bytes()), field(4, operator.as_bytes()), attributes].concat();
        self.graph.extend(field(1, &node));
        self
    }

    /// Adds a constant of 32-bit floats.
    #[must_use]
    pub fn floats(self, name: &str, dims: &[u64], numbers: &[f32]) -> Self {
        self.constant(name, dims, 1, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// Adds a constant of 64-bit integers.
    #[must_use]
    pub fn integers(self, name: &str, dims: &[u64], numbers: &[i64]) -> Self {
        self.constant(name, dims, 7, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    }

    fn constant(mut self, name: &str, dims: &[u64], kind: u64, bytes: &[u8]) -> Self {
        let dims = dims.iter().flat_map(|&length| number(1, length)).collect();
        let tensor = [dims, number(2, kind), field(8, name.as_bytes()), field(9, bytes)].concat();
        self.graph.extend(field(5, &tensor));
        self
    }

    /// The file, with an input of floats of that shape.
    pub fn bytes(mut self, input: &str, shape: &[u64], output: &str) -> Vec<u8> {
        let shape: Vec<u8> = shape.iter().flat_map(|&length| field(1, &number(1, length))).collect();
        let floats = field(1, &[number(1, 1), field(2, &shape)].concat());
        self.graph.extend(field(2, b"small"));
        self.graph.extend(field(11, &[field(1, input.as_bytes()), field(2, &floats)].concat()));
        self.graph.extend(field(12, &field(1, output.as_bytes())));
        [number(1, 8), field(7, &self.graph), field(8, &number(2, 9))].concat()
    }
}

/// A protobuf field that holds bytes.
pub fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&varint(u64::from(number) << 3 | 2)[..], &varint(bytes.len() as u64), bytes].concat()
}

/// A protobuf field that holds a number.
pub fn number(field: u8, value: u64) -> Vec<u8> {
    [&varint(u64::from(field) << 3)[..], &varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
