import AsyncHTTPClient
import Foundation
import Images
import NIOCore
import Studio
import TestSupport
import Workspace

/// A studio of a temporary project with the embedded demo model, served by this process.
final class TestStudio: Sendable {
  /// The folder with `Checkpoints` and `Datasets`.
  let folder: URL
  /// The address without the slash at its end.
  let address: String

  private let directory: TemporaryDirectory

  private init(_ directory: TemporaryDirectory, address: String) {
    self.directory = directory
    folder = directory.url
    self.address = address
  }

  /// Serves a studio while `body` runs.
  ///
  /// - Parameters:
  ///   - token: the token that requests need.
  ///   - takesTurns: whether trainings and drawings take turns, as on a GPU.
  static func serve<Value: Sendable>(
    token: String? = nil, takesTurns: Bool = false, _ body: (TestStudio) async throws -> Value
  ) async throws -> Value {
    let directory = try TemporaryDirectory()
    try makeProject(directory.url)
    return try await serve(directory, token: token, takesTurns: takesTurns, body)
  }

  /// Serves the studio of an existing folder.
  @discardableResult
  static func serve<Value: Sendable>(
    _ directory: TemporaryDirectory, token: String? = nil, takesTurns: Bool = false,
    _ body: (TestStudio) async throws -> Value
  ) async throws -> Value {
    let root = directory.url.appending(path: "Checkpoints").path
    var settings = StudioSettings(
      project: ProjectFolder(root), program: executable,
      arguments: { task in
        switch task {
        case .train(let config): ["train", "--config", config.path, "--new", "--root", root]
        case .resume(let run): ["resume", "\(run)", "--root", root]
        case .export(let order, let output):
          [
            "export", order.checkpoint, "--format", order.format, "--precision", order.precision,
            "--output", output.path, "--overwrite", "--root", root,
          ]
        case .publish(let order): ["models", "push", order.checkpoint, order.repository]
        }
      })
    settings.home = directory.url
    settings.port = 0
    settings.token = token
    settings.takesTurns = takesTurns
    let server = try StudioServer(settings)
    let (addresses, continuation) = AsyncStream.makeStream(of: URL.self)
    let serving = Task {
      defer { continuation.finish() }
      try await server.run { continuation.yield($0) }
    }
    var iterator = addresses.makeAsyncIterator()
    guard let url = await iterator.next() else {
      try await serving.value
      throw CancellationError()
    }
    let studio = TestStudio(directory, address: String(url.absoluteString.dropLast()))
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(studio))
    } catch {
      result = .failure(error)
    }
    serving.cancel()
    do {
      try await serving.value
    } catch is CancellationError {
      // This is how it ends.
    }
    return try result.get()
  }

  /// Makes `Checkpoints` with the demo model, and a dataset of three images.
  static func makeProject(_ folder: URL) throws {
    let files = FileManager.default
    let checkpoints = folder.appending(path: "Checkpoints")
    try files.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    try files.createSymbolicLink(
      at: checkpoints.appending(path: "base"),
      withDestinationURL: Repository.root.appending(path: "Checkpoints/base"))
    let dataset = folder.appending(path: "Datasets/cube")
    try files.createDirectory(at: dataset, withIntermediateDirectories: true)
    for number in 0..<3 {
      try image(number).write(to: dataset.appending(path: "\(number).png"))
      try Data("a photo of cube, number \(number)".utf8)
        .write(to: dataset.appending(path: "\(number).txt"))
    }
  }

  /// A PNG file of 96 x 96 pixels.
  static func image(_ number: Int) throws -> Data {
    let pixels = (0..<96 * 96).flatMap { place -> [UInt8] in
      let (x, y) = (place % 96, place / 96)
      return [UInt8(x * 2), UInt8(y * 2), UInt8(60 + 60 * number)]
    }
    return try PNGEncoder.encode(RGBImage(width: 96, height: 96, pixels: pixels))
  }

  /// The program, in the same folder as the tests.
  static var executable: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "lora-train")
  }
}
