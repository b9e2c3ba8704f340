import Datasets
import Foundation
import Images
import TestSupport
import Testing

@testable import Files

/// A dataset folder `dog` that tests fill, edit and read.
struct EditedDataset {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// The folder with the dataset and others.
  var parent: URL { directory.url }
  var url: URL { parent.appending(path: "dog", directoryHint: .isDirectory) }
  var editor: DatasetEditor { DatasetEditor(directory: url, subject: "dog") }

  /// A grey image as PNG.
  static func grey(_ shade: Int = 0, width: Int = 8, height: Int = 6) throws -> Data {
    let pixels = Array(repeating: UInt8(truncatingIfNeeded: shade), count: width * height * 3)
    return try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
  }

  /// Writes images with different contents.
  func writeImages(_ paths: String...) throws {
    for path in paths { try write(Self.grey() + Data(path.utf8), to: path) }
  }

  func write(_ data: Data, to path: String) throws {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

  /// The text of a file; nil: there is none.
  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: url.appending(path: path).path)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// The paths of all files in the dataset.
  func paths() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: url.path).filter { path in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: url.appending(path: path).path, isDirectory: &isFolder)
      return !isFolder.boolValue
    }.sorted()
  }

  func survey() throws -> DatasetSurvey { try Dataset.survey(directory: url, subject: "dog") }

  func image(_ name: String) throws -> DatasetImage {
    try #require(try survey().dataset?.images.first { $0.name == name }, "\(name)")
  }

  /// The role of a file.
  func role(_ path: String) throws -> FileRole? {
    try survey().files.first { $0.path == path }?.role
  }

  func report(steps: Int = 100) throws -> DatasetReport {
    try DatasetReport(
      survey(),
      config: DatasetOptions(
        subject: "dog", steps: steps, batchSize: 1, gradientAccumulation: 1, seed: 0, buckets: true,
        bucketStep: nil, upscale: true, crop: .center, flip: false, captionPrefix: nil,
        captionSuffix: nil, emptyCaptions: false, captionAlternatives: false, captionShuffle: false,
        keepTokens: 0, keepTokensSeparator: nil, captionDropout: 0, maxCaptionTokens: 75,
        masks: true,
        maskFloor: 0.1, validationDataset: nil, validationImages: nil, validateEvery: 50),
      resolution: 64, tokenizer: Words())
  }

  /// The sentence of the error that a change throws, without the path of the temporary folder.
  func sentence(_ change: () throws -> Void) -> String {
    TestSupport.sentence(change).replacing(parent.path + "/", with: "")
  }

  /// Makes the next change of a file fail: its temporary name is taken by a folder.
  func block(_ path: String) throws {
    let file = url.appending(path: path)
    let name = "\(DurableFile.temporaryPrefix(of: file))\(getpid())"
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent().appending(path: name).appending(path: "inside"),
      withIntermediateDirectories: true)
  }
}

/// A tokenizer whose tokens are words.
private struct Words: CaptionTokenizer {
  let chunkLength = 75

  func tokenCount(of text: String) -> Int { text.split(separator: " ").count }

  func truncatedText(of text: String, maxTokens: Int) -> String? { nil }
}
