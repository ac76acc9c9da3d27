//! Plots as SVG for an HTML page: distances, ROC and DET. They use the colours of the page, light or dark.

use accuracy::{Point, Roc};
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;

pub(crate) type Drawn = Result<String, Box<dyn std::error::Error>>;

const SIZE: (u32, u32) = (640, 400);
const BARS: usize = 60;
/// The largest L2 distance between unit vectors.
const FARTHEST: f64 = 2.0;

/// Placeholders while drawing; each is replaced by a colour of the page.
const INK: RGBColor = RGBColor(1, 1, 1);
const LINE: RGBColor = RGBColor(2, 2, 2);
const SERIES: [(RGBColor, &str); 4] = [
    (RGBColor(3, 3, 3), "var(--mated)"),
    (RGBColor(4, 4, 4), "var(--other)"),
    (RGBColor(5, 5, 5), "var(--third)"),
    (RGBColor(6, 6, 6), "var(--fourth)"),
];

/// A named curve.
pub(crate) struct Curve<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<Point>,
}

/// Histograms of mated and non-mated distances, each normalised to its own total, and the threshold.
pub(crate) fn distances(roc: &Roc, threshold: Option<f32>) -> Drawn {
    let [mated, other] = [histogram(roc.mated()), histogram(roc.non_mated())];
    let highest = mated.iter().chain(&other).fold(0.0, |highest: f64, &share| highest.max(share)).max(0.01);
    draw(|area| {
        let mut chart = framed(area).build_cartesian_2d(0.0..FARTHEST, 0.0..highest * 1.1)?;
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT).bold_line_style(LINE.mix(0.5)).axis_style(LINE);
        mesh.label_style(text()).axis_desc_style(text()).x_desc("L2 distance").y_desc("share of pairs");
        mesh.y_label_formatter(&|share| format!("{:.0} %", 100.0 * share)).draw()?;
        for ((shares, (colour, _)), name) in [mated, other].iter().zip(SERIES).zip(["mated pairs", "non-mated pairs"]) {
            let bar = |(index, &share): (usize, &f64)| {
                let left = index as f64 * FARTHEST / BARS as f64;
                Rectangle::new([(left, 0.0), (left + FARTHEST / BARS as f64, share)], colour.mix(0.55).filled())
            };
            let series = chart.draw_series(shares.iter().enumerate().filter(|(_, share)| **share > 0.0).map(bar))?;
            series
                .label(name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.mix(0.55).filled()));
        }
        if let Some(threshold) = threshold.map(f64::from) {
            let line = [(threshold, 0.0), (threshold, highest * 1.1)];
            let series = chart.draw_series(LineSeries::new(line, INK.stroke_width(2)))?;
            series
                .label(format!("threshold {threshold:.3}"))
                .legend(|(x, y)| PathElement::new([(x, y), (x + 12, y)], INK.stroke_width(2)));
        }
        key(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

/// True accept rate over false accept rate, the latter on a logarithmic scale down to the least rate that the sample
/// can show.
pub(crate) fn roc(curves: &[Curve<'_>], non_mated_pairs: usize) -> Drawn {
    let least = least_rate(non_mated_pairs);
    let lowest = curves.iter().map(|curve| tar_at(&curve.points, least)).fold(1.0, f64::min);
    let bottom = ((lowest * 20.0).floor() / 20.0 - 0.05).max(0.0);
    // Labels that differ.
    let digits = if bottom > 0.9 { 3 } else { 2 };
    draw(|area| {
        let mut chart = framed(area).build_cartesian_2d((least..1.0).log_scale(), bottom..1.0)?;
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT).bold_line_style(LINE.mix(0.5)).axis_style(LINE);
        mesh.label_style(text()).axis_desc_style(text()).x_desc("false accept rate").y_desc("true accept rate");
        mesh.x_label_formatter(&rate).y_label_formatter(&|share| format!("{share:.digits$}")).draw()?;
        each_curve(&mut chart, curves, |point| (point.far.max(least), point.tar))?;
        key(&mut chart, SeriesLabelPosition::LowerRight)
    })
}

/// False non-match rate over false accept rate, both on logarithmic scales: Martin et al., "The DET curve in assessment
/// of detection task performance" (1997), with logarithms in place of normal deviates.
pub(crate) fn det(curves: &[Curve<'_>], non_mated_pairs: usize, mated_pairs: usize) -> Drawn {
    det_by(curves, ["false accept rate", "false non-match rate"], [non_mated_pairs, mated_pairs])
}

/// BPCER over APCER, both on logarithmic scales.
pub(crate) fn det_of_attacks(curves: &[Curve<'_>], attacks: usize, bona_fide: usize) -> Drawn {
    det_by(curves, ["APCER", "BPCER"], [attacks, bona_fide])
}

fn det_by(curves: &[Curve<'_>], [x_desc, y_desc]: [&str; 2], [non_mated, mated]: [usize; 2]) -> Drawn {
    let (least_x, least_y) = (least_rate(non_mated), least_rate(mated));
    draw(|area| {
        let mut chart = framed(area).build_cartesian_2d((least_x..1.0).log_scale(), (least_y..1.0).log_scale())?;
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT).bold_line_style(LINE.mix(0.5)).axis_style(LINE);
        mesh.label_style(text()).axis_desc_style(text()).x_desc(x_desc).y_desc(y_desc);
        mesh.x_label_formatter(&rate).y_label_formatter(&rate).draw()?;
        each_curve(&mut chart, curves, |point| (point.far.max(least_x), (1.0 - point.tar).max(least_y)))?;
        key(&mut chart, SeriesLabelPosition::LowerLeft)
    })
}

/// FNIR over FPIR, both on logarithmic scales.
pub(crate) fn det_of_searches(curves: &[Curve<'_>]) -> Drawn {
    let (least_fpir, least_fnir) = (1e-4, 1e-3);
    draw(|area| {
        let mut chart =
            framed(area).build_cartesian_2d((least_fpir..1.0).log_scale(), (least_fnir..1.0).log_scale())?;
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT).bold_line_style(LINE.mix(0.5)).axis_style(LINE);
        mesh.label_style(text()).axis_desc_style(text()).x_desc("FPIR").y_desc("FNIR");
        mesh.x_label_formatter(&rate).y_label_formatter(&rate).draw()?;
        for (curve, (colour, _)) in curves.iter().zip(SERIES) {
            let place = |point: &Point| (point.far.max(least_fpir), (1.0 - point.tar).max(least_fnir));
            let series = chart.draw_series(LineSeries::new(curve.points.iter().map(place), colour.stroke_width(2)))?;
            if !curve.name.is_empty() {
                series
                    .label(curve.name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 12, y)], colour.stroke_width(2)));
            }
        }
        key(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;
type Done = Result<(), Box<dyn std::error::Error>>;

fn draw(on: impl FnOnce(&Area<'_>) -> Done) -> Drawn {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        on(&area)?;
        area.present()?;
    }
    Ok(with_colours_of_the_page(&svg))
}

fn framed<'a, 'b>(area: &'a Area<'b>) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin(12).x_label_area_size(46).y_label_area_size(62);
    builder
}

fn text() -> TextStyle<'static> {
    ("sans-serif", 15).with_color(INK).into_text_style(&SIZE)
}

fn key<'a, 'b: 'a, X, Y>(chart: &mut Chart<'a, 'b, X, Y>, position: SeriesLabelPosition) -> Done
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart.configure_series_labels().position(position).label_font(text()).border_style(TRANSPARENT).draw()?;
    Ok(())
}

fn each_curve<'a, 'b: 'a, X, Y>(
    chart: &mut Chart<'a, 'b, X, Y>,
    curves: &[Curve<'_>],
    place: impl Fn(&Point) -> (f64, f64),
) -> Done
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    for (curve, (colour, _)) in curves.iter().zip(SERIES.into_iter().cycle()) {
        let series = chart.draw_series(LineSeries::new(thinned(&curve.points, &place), colour.stroke_width(2)))?;
        series.label(curve.name).legend(move |(x, y)| PathElement::new([(x, y), (x + 12, y)], colour.stroke_width(2)));
    }
    Ok(())
}

/// The corners of a stepped curve, at most one for each half pixel.
fn thinned(points: &[Point], place: impl Fn(&Point) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for place in points.iter().map(place) {
        let near = |&(x, y): &(f64, f64)| (x.ln() - place.0.ln()).abs() < 2e-3 && (y - place.1).abs() < 1e-4;
        match kept.last() {
            Some(last) if near(last) => {}
            Some(&(_, y)) if y != place.1 => kept.extend([(place.0, y), place]),
            _ => kept.push(place),
        }
    }
    kept
}

fn histogram(distances: &[f32]) -> Vec<f64> {
    let mut shares = vec![0.0; BARS];
    for &distance in distances {
        let bar = (f64::from(distance) / FARTHEST * BARS as f64) as usize;
        shares[bar.min(BARS - 1)] += 1.0 / distances.len() as f64;
    }
    shares
}

/// The rate of one pair in the sample, rounded down to a power of ten.
fn least_rate(pairs: usize) -> f64 {
    10_f64.powf((1.0 / pairs.max(10) as f64).log10().floor())
}

fn tar_at(points: &[Point], far: f64) -> f64 {
    points.iter().take_while(|point| point.far <= far).last().map_or(0.0, |point| point.tar)
}

fn rate(rate: &f64) -> String {
    if *rate >= 0.01 { format!("{rate}") } else { format!("{rate:e}") }
}

fn with_colours_of_the_page(svg: &str) -> String {
    let named = |colour: RGBColor| format!("\"#{:02X}{:02X}{:02X}\"", colour.0, colour.1, colour.2);
    let mut svg = svg.replace(&named(INK), "\"currentColor\"").replace(&named(LINE), "\"var(--line)\"");
    // Only needed in a separate file.
    svg = svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
    for (colour, page) in SERIES {
        svg = svg.replace(&named(colour), &format!("\"{page}\""));
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Roc {
        let mated = (0..50).map(|index| (Some(0.4 + index as f32 / 80.0), true));
        let non_mated = (0..200).map(|index| (Some(0.9 + index as f32 / 300.0), false));
        Roc::new(mated.chain(non_mated))
    }

    #[test]
    fn every_plot_is_drawn_in_the_colours_of_the_page() {
        let roc_of = sample();
        let curves = || {
            vec![Curve { name: "aligned", points: roc_of.points() }, Curve { name: "pixels", points: roc_of.points() }]
        };
        for (what, svg) in [
            ("distances", distances(&roc_of, Some(1.0)).unwrap()),
            ("roc", roc(&curves(), 200).unwrap()),
            ("det", det(&curves(), 200, 50).unwrap()),
        ] {
            assert!(svg.starts_with("<svg") && svg.contains("var(--mated)") && svg.contains("currentColor"), "{what}");
            assert!(!svg.contains("\"#0"), "{what}: a stand-in colour is left");
        }
    }

    #[test]
    fn a_sample_of_nothing_is_drawn_too() {
        let nothing = Roc::new([]);
        distances(&nothing, None).unwrap();
        roc(&[Curve { name: "none", points: nothing.points() }], 0).unwrap();
        det(&[Curve { name: "none", points: nothing.points() }], 0, 0).unwrap();
    }

    #[test]
    fn shares_sum_to_one() {
        let shares = histogram(&[0.0, 0.5, 1.999, 2.0]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(shares[BARS - 1], 0.5);
    }
}
