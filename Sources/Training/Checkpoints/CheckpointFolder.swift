import Failpoints
import Files
public import Foundation

/// One checkpoint: a file for each part (`adapter.safetensors`, `optimizer.safetensors`), `state.json`,
/// and `manifest.json` with the SHA-256 of every other file.
public struct CheckpointFolder: Sendable {
  static let adapterName = "adapter.safetensors"
  static let stateName = "state.json"
  private static let manifestName = "manifest.json"

  /// The folder.
  public let url: URL
  /// Optimizer steps done.
  public let step: Int

  /// The adapter, which diffusers loads as it is.
  public var adapter: URL { url(of: Self.adapterName) }

  /// One of its files.
  func url(of file: String) -> URL { url.appending(path: file) }

  /// Writes a checkpoint under a temporary name, syncs it and gives it its own. An interrupted
  /// writing leaves nothing that looks like a checkpoint, a failed one nothing at all; an older
  /// checkpoint of that step is removed after that. Throws `FileAccessError`, `WeightsError`.
  ///
  /// - Returns: the checkpoint, and the hash of its adapter.
  static func write(
    _ contents: CheckpointContents, in run: URL
  ) throws -> (checkpoint: CheckpointFolder, sha256: String) {
    let step = contents.state.step
    let name = RunFolder.stepName(step)
    let checkpoint = CheckpointFolder(url: run.appending(path: name), step: step)
    let temporary = CheckpointFolder(url: Leftover.temporary.url(of: checkpoint), step: step)
    do {
      try DurableFile.remove(temporary.url)
      let sha256 = try temporary.fill(contents)
      try temporary.take(placeOf: checkpoint)
      return (checkpoint, sha256)
    } catch {
      do {
        try DurableFile.remove(temporary.url)
      } catch {
        // The disk that fails here is the one that has failed before; the next writing removes it.
      }
      throw error
    }
  }

  /// Makes the folder and writes its files, all synced; returns the adapter's hash.
  private func fill(_ contents: CheckpointContents) throws -> String {
    try DurableFile.makeFolder(url)
    var manifest = Manifest(files: [:])
    for file in contents.files { try file.write(url(of: file.name)) }
    for file in contents.files {
      manifest.files[file.name] = try ContentHash.of(fileAt: url(of: file.name))
    }
    Failpoint.manifest.pass(url(of: Self.manifestName).path)
    try DurableFile.write(Self.encode(manifest), to: url(of: Self.manifestName))
    try DurableFile.syncFolder(url)
    return manifest.files[Self.adapterName, default: ""]
  }

  /// Gives this whole folder the place of another, which is set aside first and removed last.
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

  /// The hash of the adapter as the manifest has it, after checking every file against the manifest.
  /// Throws `CheckpointError.damaged`.
  public func verify() throws -> String {
    let hashes = try manifest().files
    for file in hashes.keys.sorted() { try verify(file, hashes) }
    return hashes[Self.adapterName, default: ""]
  }

  /// The same, but only the state is checked: for looking at many checkpoints without reading all of
  /// their tensors. Throws `CheckpointError.damaged`.
  package func verifyState() throws -> String {
    let hashes = try manifest().files
    try verify(Self.stateName, hashes)
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
    guard hash == hashes[file] else { throw damaged("\(file) is not what was written") }
  }

  /// The state. Throws `CheckpointError`.
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

  /// JSON as checkpoints hold it: the same value gives the same bytes.
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

  private struct Format: Decodable {
    var format: Int
  }
}
