//! Prints encodings of crops, to compare two computers: `encodings [--model=DIR] CROP...` prints one line for each
//! picture, with the bits of every number. A crop is a square picture of the encoder's input size.

use models::bundle::Bundles;
use models::{Crop, Recogniser};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let model = |argument: String| argument.strip_prefix("--model=").map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::args().filter_map(model).collect();
    let mut recogniser = Recogniser::new(&Bundles::open(&folders)?)?;
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        let picture = image::open(&path)?.to_rgb8();
        let crop = Crop::from_rgb(picture.width(), picture.into_raw()).ok_or("a crop must be square")?;
        let encoding = recogniser.encode(&crop)?;
        let bits: Vec<String> = encoding.numbers().iter().map(|number| format!("{:08x}", number.to_bits())).collect();
        println!("{}", bits.join(" "));
    }
    Ok(())
}
