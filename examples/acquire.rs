//! A simulated scan, saved as PyMoDAQ saves one, frame by frame: two detectors, the axis, a log.
//!
//! ```text
//! cargo run --release --example acquire -- OUT FRAMES [MILLISECONDS]
//! ```
//!
//! Every frame is committed, then its number is printed: kill it whenever you like, and PyMoDAQ, PyTables and h5py open the
//! file with each frame whose number was printed. A frame takes 2 milliseconds, or as many as are given.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use h5::Result;
use h5::ndarray::{Array, Array2, s};
use h5::node::{CArray, Compression, DType, EArray, GroupType, Mode, NodeFile, NodeOptions, StringArray};

/// Rows and columns of the camera.
const CAMERA: (usize, usize) = (24, 32);

/// The arrays that a scan fills.
struct Scan {
    position: CArray,
    power: CArray,
    images: EArray,
    log: StringArray,
}

impl Scan {
    /// Makes all nodes of a scan of so many frames.
    fn new(file: &NodeFile, frames: usize) -> Result<Scan> {
        let raw = file.add_group("RawData", GroupType::Data, "/", "Data from the scan", &[])?;
        let log = file.create_string_array(&raw, "Logger", "What happened")?;
        log.attrs().set("type", "log")?;
        let scan = file.add_group("Scan000", GroupType::Scan, &raw, "a simulated scan", &[])?;
        scan.attrs().set("scan_done", false)?;

        let axes = file.add_group("NavAxes", GroupType::DataDim, &scan, "", &[])?;
        let position =
            file.create_carray(&axes, "Axis00", &Array::from_elem(frames, f64::NAN), "position")?;
        describe(&position, "axis", "position", "mm")?;

        let diode = file.add_group("Detector000", GroupType::Detector, &scan, "photodiode", &[])?;
        let channel = channel(file, &diode, "Data0D")?;
        let power = file.create_carray(&channel, "Data00", &Array::from_elem(frames, f64::NAN), "power")?;
        describe(&power, "data", "power", "W")?;

        let camera = file.add_group("Detector001", GroupType::Detector, &scan, "camera", &[])?;
        let channel = self::channel(file, &camera, "Data2D")?;
        file.define_compression(Compression::gzip(1)?);
        let shape = [CAMERA.0, CAMERA.1];
        let images = file.create_earray(&channel, "EnlData00", DType::UInt16, Some(&shape), "images")?;
        file.define_compression(None);
        describe(&images, "data_enlargeable", "image", "counts")?;

        file.commit()?;
        Ok(Scan { position, power, images, log })
    }
    /// Saves one frame.
    fn frame(&self, number: usize) -> Result<()> {
        let x = number as f64 / 10.0;
        self.position.set(s![number], &x)?;
        self.power.set(s![number], &power(x))?;
        self.images.append(&image(x, number))?;
        if number.is_multiple_of(10) {
            self.log.append(&format!("frame {number}: x = {x} mm, {:.3} W", power(x)))?;
        }
        Ok(())
    }
}

fn describe(array: &CArray, kind: &str, label: &str, units: &str) -> Result<()> {
    let attrs = array.attrs();
    attrs.set("data_type", kind)?;
    attrs.set("label", label)?;
    attrs.set("units", units)?;
    attrs.set("nav_indexes", (0,))
}

fn channel(file: &NodeFile, detector: &h5::node::Group, dimension: &str) -> Result<h5::node::Group> {
    let data = file.add_group(dimension, GroupType::DataDim, detector, "", &[])?;
    file.add_group("CH00", GroupType::Ch, &data, "", &[])
}

fn power(x: f64) -> f64 {
    1.0 + (-((x - 20.0) / 8.0).powi(2)).exp()
}

/// A spot that moves over the camera. Its first pixel is the number of the frame.
fn image(x: f64, number: usize) -> Array2<u16> {
    let (row, column) = (12.0 + 6.0 * (x / 5.0).sin(), 16.0 + 8.0 * (x / 7.0).cos());
    let mut image = Array2::from_shape_fn(CAMERA, |(i, j)| {
        let distance = (i as f64 - row).powi(2) + (j as f64 - column).powi(2);
        (4000.0 * (-distance / 12.0).exp()) as u16
    });
    image[[0, 0]] = (number % 65536) as u16;
    image
}

/// How far it is, with an estimate, where somebody looks on.
struct Progress {
    began: Instant,
    told: Instant,
    frames: usize,
    shown: bool,
}

impl Progress {
    fn new(frames: usize) -> Progress {
        let now = Instant::now();
        Progress { began: now, told: now, frames, shown: std::io::stderr().is_terminal() }
    }
    fn tell(&mut self, done: usize) {
        if !self.shown || (self.told.elapsed() < Duration::from_millis(100) && done < self.frames) {
            return;
        }
        self.told = Instant::now();
        let left = self.began.elapsed().as_secs_f64() * (self.frames - done) as f64 / done.max(1) as f64;
        let bar = "#".repeat(30 * done / self.frames.max(1));
        eprint!("\r{done:>8} of {} [{bar:<30}] {left:.0} s left ", self.frames);
        if done == self.frames {
            eprintln!();
        }
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(path), Some(frames)) = (args.first(), args.get(1)) else {
        return Err("usage: acquire OUT FRAMES [MILLISECONDS]".into());
    };
    let frames: usize = frames.parse()?;
    let pause = Duration::from_millis(args.get(2).map_or(Ok(2), |ms| ms.parse())?);

    let file = NodeOptions::new().title("a simulated scan").open(path, Mode::Write)?;
    let scan = Scan::new(&file, frames)?;
    let mut progress = Progress::new(frames);
    let mut out = std::io::stdout().lock();
    for number in 0..frames {
        std::thread::sleep(pause);
        scan.frame(number)?;
        file.commit()?;
        writeln!(out, "{number}")?;
        out.flush()?;
        progress.tell(number + 1);
    }
    file.get_node("/RawData/Scan000")?.attrs().set("scan_done", true)?;
    scan.log.append("done")?;
    Ok(file.close()?)
}
