import Failpoints
import Files
public import Foundation
import NN

/// A checkpoint on the disk: `adapter.safetensors`, `optimizer.safetensors`, `ema.safetensors` if the run
/// has an average, `state.json`, and `manifest.json` with the SHA-256 of every other file.
public struct CheckpointFolder: Sendable {
  static let adapterName = "adapter.safetensors"
  static let emaName = "ema.safetensors"
  static let stateName = "state.json"
  static let embeddingName = "embedding.safetensors"
  private static let manifestName = "manifest.json"

  /// The checkpoint folder.
  public let url: URL
  /// The number of optimizer steps done.
  public let step: Int

  /// The adapter file, in a format that other programs load.
  public var adapter: URL { url(of: Self.adapterName) }

  /// The file of one of the adapters, which ``verify(_:)`` checks.
  package func file(of weights: CheckpointWeights) -> URL { url(of: Self.name(of: weights)) }

  private static func name(of weights: CheckpointWeights) -> String {
    switch weights {
    case .adapter: adapterName
    case .ema: emaName
    }
  }

  /// Whether the adapter file has adapters. It has none if only the vectors of a new word are trained. Throws
  /// `WeightsError`.
  package func hasAdapter() throws -> Bool {
    try !SafetensorsFile(contentsOf: adapter).names.isEmpty
  }

  /// The file with the vectors of the run's new word; nil if it has none.
  public var embedding: URL? {
    let file = url(of: Self.embeddingName)
    return DurableFile.exists(file) ? file : nil
  }

  func url(of file: String) -> URL { url.appending(path: file) }

  /// Writes a copied checkpoint. See ``write(_:_:in:)``.
  static func write(
    _ contents: CheckpointContents, in run: URL
  ) throws -> (checkpoint: CheckpointFolder, sha256: String) {
    try write(contents.state, contents.files.map { ($0.name, $0.write) }, in: run)
  }

  /// Writes a checkpoint under a temporary name, syncs it and renames it. An interruption leaves no
  /// folder with a checkpoint's name, and an error leaves no folder. An older checkpoint of the
  /// same step is removed last. Throws `FileAccessError`, `WeightsError`.
  ///
  /// - Parameter files: The files of the parts.
  /// - Returns: The checkpoint, and the SHA-256 of its adapter.
  static func write(
    _ state: TrainingState, _ files: [CheckpointFile], in run: URL
  ) throws -> (checkpoint: CheckpointFolder, sha256: String) {
    let step = state.step
    let name = RunFolder.stepName(step)
    let checkpoint = CheckpointFolder(url: run.appending(path: name), step: step)
    let temporary = CheckpointFolder(url: Leftover.temporary.url(of: checkpoint), step: step)
    do {
      try DurableFile.remove(temporary.url)
      let sha256 = try temporary.fill(state, files)
      try temporary.take(placeOf: checkpoint)
      return (checkpoint, sha256)
    } catch {
      do {
        try DurableFile.remove(temporary.url)
      } catch {
        // The same disk error again. The next checkpoint removes the folder.
      }
      throw error
    }
  }

  /// Creates the folder and writes its files, all synced. Returns the adapter's hash.
  private func fill(_ state: TrainingState, _ parts: [CheckpointFile]) throws -> String {
    try DurableFile.makeFolder(url)
    var manifest = Manifest(files: [:])
    let stateFile: CheckpointFile = (
      Self.stateName, { try DurableFile.write(Self.encode(state), to: $0) }
    )
    let files = parts + [stateFile]
    for file in files { try file.write(url(of: file.name)) }
    for file in files {
      manifest.files[file.name] = try ContentHash.of(fileAt: url(of: file.name))
    }
    Failpoint.manifest.pass(url(of: Self.manifestName).path)
    try DurableFile.write(Self.encode(manifest), to: url(of: Self.manifestName))
    try DurableFile.syncFolder(url)
    return manifest.files[Self.adapterName, default: ""]
  }

  /// Renames this folder to another, which is moved aside first and removed last.
  private func take(placeOf other: CheckpointFolder) throws {
    let aside = Leftover.replaced.url(of: other)
    let isTaken = DurableFile.exists(other.url)
    if isTaken { try DurableFile.remove(aside) }
    do {
      if isTaken { try DurableFile.rename(other.url, to: aside) }
      try DurableFile.rename(url, to: other.url)
    } catch {
      if DurableFile.exists(aside), !DurableFile.exists(other.url) {
        try DurableFile.rename(aside, to: other.url)
      }
      throw error
    }
    if isTaken { try DurableFile.remove(aside) }
  }

  /// Checks every file against the manifest, and the step of the state against the folder's. Returns
  /// the hash of an adapter. Throws `CheckpointError.damaged`, and `CheckpointError.noAverage` if it is that
  /// of an average that the checkpoint does not have.
  @discardableResult
  public func verify(_ weights: CheckpointWeights = .adapter) throws -> String {
    let hashes = try manifest().files
    for file in hashes.keys.sorted() { try verify(file, hashes) }
    try verifyStep()
    guard let hash = hashes[Self.name(of: weights)] else {
      throw CheckpointError.noAverage(folder: url.relativePath)
    }
    return hash
  }

  /// Checks only the state, against the manifest and the folder's step, without reading tensors. Returns
  /// the adapter's hash. Throws `CheckpointError.damaged`.
  package func verifyState() throws -> String {
    let hashes = try manifest().files
    try verify(Self.stateName, hashes)
    try verifyStep()
    return hashes[Self.adapterName, default: ""]
  }

  private func manifest() throws -> Manifest {
    let manifest: Manifest
    do {
      manifest = try JSONDecoder().decode(
        Manifest.self, from: Data(contentsOf: url(of: Self.manifestName)))
    } catch {
      throw damaged("its \(Self.manifestName) is missing or unreadable")
    }
    for file in [Self.adapterName, Self.stateName] where manifest.files[file] == nil {
      throw damaged("its \(Self.manifestName) does not list \(file)")
    }
    return manifest
  }

  private func verify(_ file: String, _ hashes: [String: String]) throws {
    let hash: String
    do {
      hash = try ContentHash.of(fileAt: url(of: file))
    } catch {
      throw damaged("\(file) is missing or unreadable")
    }
    guard hash == hashes[file] else { throw damaged("the hash of \(file) is wrong") }
  }

  /// Throws `CheckpointError.damaged` if the state is of another step. ``state()`` has the error for a
  /// state that cannot be read.
  private func verifyStep() throws {
    let found: Int
    do {
      let data = try Data(contentsOf: url(of: Self.stateName))
      found = try JSONDecoder().decode(Step.self, from: data).step
    } catch {
      return
    }
    guard found == step else {
      throw damaged(
        "its \(Self.stateName) is of step \(found), so its name must be \(RunFolder.stepName(found))"
      )
    }
  }

  /// Reads the state. Throws `CheckpointError`.
  public func state() throws -> TrainingState {
    do {
      let data = try Data(contentsOf: url(of: Self.stateName))
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard TrainingState.readableFormats.contains(format) else {
        throw CheckpointError.otherFormat(folder: url.relativePath, format: format)
      }
      return try JSONDecoder().decode(TrainingState.self, from: data)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw damaged("its \(Self.stateName) cannot be read")
    }
  }

  /// Encodes JSON of a checkpoint: equal values give equal bytes.
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  private func damaged(_ problem: String) -> CheckpointError {
    .damaged(folder: url.relativePath, problem: problem)
  }

  private struct Manifest: Codable {
    var files: [String: String]
  }

  private struct Step: Decodable {
    var step: Int
  }

  private struct Format: Decodable {
    var format: Int
  }
}
