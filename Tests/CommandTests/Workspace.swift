import Foundation
import Images
import TestSupport

/// A folder like a user's: `Datasets/cube` with three captioned images, and later `Checkpoints`.
final class Workspace: Sendable {
  /// The small random model of all tests.
  static let model = Repository.golden.appending(path: "tiny-sdxl").path

  private let directory: TemporaryDirectory

  /// - Parameter isShared: whether several tests use it, so that it stays until the process ends.
  init(isShared: Bool = false) throws {
    directory = try TemporaryDirectory(isShared: isShared)
    for number in 0..<3 {
      try write(image(number), to: "Datasets/cube/\(number).png")
      try write("a photo of cube, number \(number)", to: "Datasets/cube/\(number).txt")
    }
  }

  /// A copy of a folder.
  init(copyOf folder: URL) throws {
    directory = try TemporaryDirectory()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.copyItem(
        at: folder.appending(path: name), to: directory.url.appending(path: name))
    }
  }

  var url: URL { directory.url }

  /// A file or folder of the workspace.
  func file(_ path: String) -> URL { url.appending(path: path) }

  /// The arguments of a training that takes about a second.
  ///
  /// - Parameter steps: nil: the command does not set the number of steps.
  static func training(steps: Int? = 4, _ more: String...) -> [String] {
    [
      "--subject", "cube", "--model", model, "--resolution", "64", "--rank", "4",
      "--sample-every", "0", "--device", "cpu",
    ] + (steps.map { ["--steps", "\($0)"] } ?? []) + more
  }

  /// Draws a small picture in one step with further flags.
  func draw(_ more: String...) throws -> Program.Outcome { try draw(more) }

  /// Draws a small picture in one step with further flags.
  func draw(_ more: [String]) throws -> Program.Outcome {
    try run(
      [
        "generate", "--model", Self.model, "--width", "64", "--height", "64", "--steps", "1",
        "--device", "cpu",
      ] + more)
  }

  /// Runs a command in the process of the tests (``Program/call(_:in:)``).
  func run(_ arguments: String...) throws -> Program.Outcome { try run(arguments) }

  /// Runs a command in the process of the tests (``Program/call(_:in:)``).
  func run(_ arguments: [String]) throws -> Program.Outcome {
    try Program.call(arguments, in: url)
  }

  /// Starts the program as users do, and waits for its end.
  func launch(_ arguments: [String]) throws -> Program.Outcome {
    try Program.run(arguments, in: url)
  }

  /// A run as `show --json` prints it.
  func show(_ run: String = "latest") throws -> RunReport {
    let outcome = try self.run("show", run, "--json")
    return try JSONDecoder().decode(RunReport.self, from: Data(outcome.results.utf8))
  }

  /// Writes text to a file, and creates the folders above it.
  func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

  /// Writes a file, and creates the folders above it.
  func write(_ data: Data, to path: String) throws {
    let url = file(path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  /// The paths of all files below a folder, without SQLite's log files.
  func files(below path: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: file(path).path).filter { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: file(path).appending(path: name).path, isDirectory: &isFolder)
      return !isFolder.boolValue && !name.hasSuffix("-wal") && !name.hasSuffix("-shm")
    }.sorted()
  }

  /// A PNG image that differs for each number.
  func image(_ number: Int, width: Int = 96, height: Int = 80) throws -> Data {
    let pixels = (0..<width * height).flatMap { index -> [UInt8] in
      let (x, y) = (index % width, index / width)
      return [UInt8(2 * x), UInt8(3 * y), UInt8((x * y + 60 * number) % 256)]
    }
    return try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
  }
}

/// The fields of `show --json` that other programs rely on.
struct RunReport: Decodable {
  struct Loss: Decodable, Equatable {
    let step: Int
    let loss: Double
    let learning_rate: Double
    let grad_norm: Double
    let seconds: Double
    let instance_loss: Double?
    let prior_loss: Double?

    /// Without the time.
    var numbers: [Double] { [Double(step), loss, learning_rate, grad_norm] }
  }

  struct Checkpoint: Decodable {
    let step: Int
    let path: String
    let sha256: String
  }

  struct Sample: Decodable {
    let step: Int
    let path: String
  }

  struct Validation: Decodable, Equatable {
    let step: Int
    let loss: Double
    let bands: [Double]?
    let training_loss: Double?
  }

  struct Config: Decodable {
    let rank: Int
    let resolution: Int
    let sample_prompts: [String]
    let prior_images: Int?
    let class_prompts: [String]
  }

  let id: Int
  let subject: String
  let status: String
  let step: Int
  let steps: Int
  let loss: Double?
  let seconds_per_step: Double?
  let peak_memory_bytes: Int?
  let path: String
  let started_at: String
  let config: Config
  let losses: [Loss]
  let checkpoints: [Checkpoint]
  let samples: [Sample]
  let validation: [Validation]
}

/// A text with every shortened hash replaced by #.
func withoutHashes(_ text: String) -> String { text.replacing(/\b[0-9a-f]{8}\b/, with: "#") }
