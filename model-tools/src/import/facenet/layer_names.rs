//! The layers of the network, with their names in Keras ports of FaceNet and in facenet-pytorch
//! (<https://github.com/timesler/facenet-pytorch>, `models/inception_resnet_v1.py`).

/// A convolution followed by a batch norm and a rectifier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    /// The last part of its Keras name.
    pub(super) name: &'static str,
    /// Height and width.
    pub(super) kernel: [usize; 2],
    pub(super) stride: usize,
    /// True for "SAME" padding: apart from the stride, the output is as large as the input. False for no padding
    /// ("VALID").
    pub(super) padded: bool,
}

/// A step of the stem, from the image to the first block.
pub(super) enum Stem {
    /// A layer with its name in facenet-pytorch.
    Layer(Layer, &'static str),
    /// A 3x3 max pool with stride 2.
    Pool(&'static str),
}

/// Parallel branches with a common input and joined outputs.
pub(super) struct Block {
    pub(super) keras: String,
    torch: String,
    branches: Branches,
}

/// A sequence of equal residual blocks, which add the output of their branches to their input.
pub(super) struct Blocks {
    keras: &'static str,
    torch: &'static str,
    pub(super) count: usize,
    /// Factor on the output of the branches.
    pub(super) scale: f32,
    branches: Branches,
}

type Branches = &'static [&'static [Layer]];

/// The names of a layer's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) keras: String,
    /// Names of the layer and of the batch norm after it.
    pub(super) torch: [String; 2],
}

pub(super) const STEM: [Stem; 7] = [
    Stem::Layer(halving("Conv2d_1a_3x3"), "conv2d_1a"),
    Stem::Layer(Layer { padded: false, ..square_3("Conv2d_2a_3x3") }, "conv2d_2a"),
    Stem::Layer(square_3("Conv2d_2b_3x3"), "conv2d_2b"),
    Stem::Pool("MaxPool_3a_3x3"),
    Stem::Layer(point("Conv2d_3b_1x1"), "conv2d_3b"),
    Stem::Layer(Layer { padded: false, ..square_3("Conv2d_4a_3x3") }, "conv2d_4a"),
    Stem::Layer(halving("Conv2d_4b_3x3"), "conv2d_4b"),
];

pub(super) const BLOCKS_35: Blocks = Blocks {
    keras: "Block35",
    torch: "repeat_1",
    count: 5,
    scale: 0.17,
    branches: &[
        &[point("Conv2d_1x1")],
        &[point("Conv2d_0a_1x1"), square_3("Conv2d_0b_3x3")],
        &[point("Conv2d_0a_1x1"), square_3("Conv2d_0b_3x3"), square_3("Conv2d_0c_3x3")],
    ],
};

pub(super) const BLOCKS_17: Blocks = Blocks {
    keras: "Block17",
    torch: "repeat_2",
    count: 10,
    scale: 0.10,
    branches: &[
        &[point("Conv2d_1x1")],
        &[point("Conv2d_0a_1x1"), padded("Conv2d_0b_1x7", [1, 7]), padded("Conv2d_0c_7x1", [7, 1])],
    ],
};

pub(super) const BLOCKS_8: Blocks = Blocks {
    keras: "Block8",
    torch: "repeat_3",
    count: 5,
    scale: 0.20,
    branches: &[
        &[point("Conv2d_1x1")],
        &[point("Conv2d_0a_1x1"), padded("Conv2d_0b_1x3", [1, 3]), padded("Conv2d_0c_3x1", [3, 1])],
    ],
};

/// From 17x17 to 8x8, beside a pool.
pub(super) fn reduction_6a() -> Block {
    const BRANCHES: Branches =
        &[&[halving("Conv2d_1a_3x3")], &[point("Conv2d_0a_1x1"), square_3("Conv2d_0b_3x3"), halving("Conv2d_1a_3x3")]];
    Block { keras: "Mixed_6a".to_owned(), torch: "mixed_6a".to_owned(), branches: BRANCHES }
}

/// From 8x8 to 3x3, beside a pool.
pub(super) fn reduction_7a() -> Block {
    const BRANCHES: Branches = &[
        &[point("Conv2d_0a_1x1"), halving("Conv2d_1a_3x3")],
        &[point("Conv2d_0a_1x1"), halving("Conv2d_1a_3x3")],
        &[point("Conv2d_0a_1x1"), square_3("Conv2d_0b_3x3"), halving("Conv2d_1a_3x3")],
    ];
    Block { keras: "Mixed_7a".to_owned(), torch: "mixed_7a".to_owned(), branches: BRANCHES }
}

/// The last block, which has its own name in facenet-pytorch.
pub(super) fn last_block() -> Block {
    Block { keras: "Block8_6".to_owned(), torch: "block8".to_owned(), branches: BLOCKS_8.branches }
}

impl Blocks {
    /// The block with that index, 0 to `count - 1`.
    pub(super) fn at(&self, index: usize) -> Block {
        Block {
            keras: format!("{}_{}", self.keras, index + 1),
            torch: format!("{}.{index}", self.torch),
            branches: self.branches,
        }
    }
}

impl Block {
    /// The layers of each branch, with their names.
    pub(super) fn branches(&self) -> impl Iterator<Item = Vec<(Layer, Name)>> + '_ {
        self.branches.iter().enumerate().map(|(index, layers)| {
            let branch = format!("{}.branch{index}", self.torch);
            let named = |(place, &layer): (usize, &Layer)| {
                let torch = if layers.len() == 1 { branch.clone() } else { format!("{branch}.{place}") };
                (layer, Name::followed_by_norm(format!("{}_Branch_{index}_{}", self.keras, layer.name), &torch))
            };
            layers.iter().enumerate().map(named).collect()
        })
    }

    /// The convolution that restores the number of channels of the block's input.
    pub(super) fn widening(&self) -> Name {
        let torch = [format!("{}.conv2d", self.torch), String::new()];
        Name { keras: format!("{}_Conv2d_1x1", self.keras), torch }
    }
}

impl Name {
    /// The names of a layer and its batch norm.
    pub(super) fn followed_by_norm(keras: String, torch: &str) -> Self {
        Self { keras, torch: [format!("{torch}.conv"), format!("{torch}.bn")] }
    }

    /// The names of the matrix at the end and its batch norm.
    pub(super) fn bottleneck() -> Self {
        Self { keras: "Bottleneck".to_owned(), torch: ["last_linear", "last_bn"].map(str::to_owned) }
    }
}

const fn padded(name: &'static str, kernel: [usize; 2]) -> Layer {
    Layer { name, kernel, stride: 1, padded: true }
}

const fn point(name: &'static str) -> Layer {
    padded(name, [1, 1])
}

const fn square_3(name: &'static str) -> Layer {
    padded(name, [3, 3])
}

const fn halving(name: &'static str) -> Layer {
    Layer { name, kernel: [3, 3], stride: 2, padded: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_both_projects() {
        let names: Vec<Name> = [BLOCKS_35.at(0), reduction_6a(), reduction_7a(), last_block()]
            .iter()
            .flat_map(|block| block.branches().flatten().map(|(_, name)| name).chain([block.widening()]))
            .collect();
        for (keras, torch) in [
            ("Block35_1_Branch_0_Conv2d_1x1", "repeat_1.0.branch0.conv"),
            ("Block35_1_Branch_2_Conv2d_0c_3x3", "repeat_1.0.branch2.2.conv"),
            ("Block35_1_Conv2d_1x1", "repeat_1.0.conv2d"),
            ("Mixed_6a_Branch_0_Conv2d_1a_3x3", "mixed_6a.branch0.conv"),
            ("Mixed_7a_Branch_0_Conv2d_1a_3x3", "mixed_7a.branch0.1.conv"),
            ("Block8_6_Branch_1_Conv2d_0c_3x1", "block8.branch1.2.conv"),
            ("Block8_6_Conv2d_1x1", "block8.conv2d"),
        ] {
            assert!(names.iter().any(|name| name.keras == keras && name.torch[0] == torch), "{keras} {torch}");
        }
    }
}
