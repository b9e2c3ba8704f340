import Datasets
import Foundation
import Images
import StableDiffusion
import TestSupport
import Training

/// A dataset folder `dog` for tests to fill and read.
struct DatasetFixture {
  /// 8 x 6, half transparent.
  static let transparent =
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAYAAAD+Bd/7AAAAFUlEQVR4nGM8ISfXwIAHMOGTHCwKA"
        + "C4zAZDHEUyLAAAAAElFTkSuQmCC") ?? Data()

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// The dataset folder.
  var url: URL { folder.url.appending(path: "dog", directoryHint: .isDirectory) }

  /// A grey image as PNG.
  static func grey(_ shade: Int = 0, width: Int = 8, height: Int = 6) throws -> Data {
    let pixels = Array(repeating: UInt8(truncatingIfNeeded: shade), count: width * height * 3)
    return try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
  }

  /// Writes images with different contents at paths in the dataset folder.
  func writeImages(_ paths: String...) throws {
    for path in paths {
      try write(Self.grey() + Data(path.utf8), to: path)
    }
  }

  /// Writes a file in the dataset folder.
  @discardableResult
  func write(_ data: Data, to path: String) throws -> URL {
    try folder.write(data, to: "dog/\(path)")
  }

  /// Writes a text in the dataset folder.
  @discardableResult
  func write(_ text: String, to path: String) throws -> URL {
    try write(Data(text.utf8), to: path)
  }

  /// Makes a link in the dataset folder.
  func link(_ path: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: url.appending(path: path).path, withDestinationPath: destination)
  }

  func load() throws -> Dataset { try Dataset.load(directory: url, subject: "dog") }

  func survey() throws -> DatasetSurvey { try Dataset.survey(directory: url, subject: "dog") }

  /// The roles of all files by their paths.
  func roles() throws -> [String: FileRole] {
    let pairs = try survey().files.map { ($0.path, $0.role) }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// The problems of the folder.
  func problems() throws -> [String] { try load().problems.map { short($0.description) } }

  /// The commands that fix them.
  func commands() throws -> [String] { try load().problems.flatMap(\.commands).map(short) }

  /// The problems that are noted before a training with a configuration.
  func problems(
    _ change: (inout TrainingConfig) -> Void = { _ in }
  ) throws -> [String] {
    var config = TrainingConfig()
    config.resolution = 4
    change(&config)
    let tokenizer = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
      .loadTokenizer()
    return try load().problems(config.datasetOptions, buckets: AspectBuckets(square: 4), tokenizer)
      .map { short($0.description) }
  }

  /// The error's sentence.
  func sentence() -> String {
    do {
      return "no error, but \(try load().images.map(\.name))"
    } catch {
      return short("\(error)")
    }
  }

  /// The captions by the images' names.
  func captions() throws -> [String: [String]] {
    let pairs = try load().images.map { ($0.name, $0.captions) }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// A text without the path of the temporary folder.
  func short(_ text: String) -> String {
    text.replacing(folder.url.path + "/", with: "")
  }
}
