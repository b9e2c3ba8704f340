import Failpoints
public import Foundation
import NN
import Torch

/// One checkpoint: `adapter.safetensors`, `optimizer.safetensors`, `state.json`, and
/// `manifest.json` with the SHA-256 of each. The folder alone is enough to go on.
public struct CheckpointFolder: Sendable {
  /// The folder.
  public let url: URL
  /// Optimizer steps done.
  public let step: Int

  static let files = ["adapter.safetensors", "optimizer.safetensors", "state.json"]

  /// The adapter, which diffusers loads as it is.
  public var adapter: URL { url.appending(path: "adapter.safetensors") }

  private var optimizer: URL { url.appending(path: "optimizer.safetensors") }

  /// The folder's name for a step.
  static func name(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The step in a folder's name, or nil for other folders.
  static func step(inName name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst("step-".count)),
      name == Self.name(step: step)
    else { return nil }
    return step
  }

  /// Writes a checkpoint under a temporary name, syncs it and gives it its own. An interrupted
  /// writing leaves nothing that looks like a checkpoint, a failed one nothing at all; a checkpoint
  /// of that step that is there is removed after that.
  /// Throws `FileAccessError`, `WeightsError`.
  ///
  /// - Returns: the checkpoint, and the hash of its adapter.
  static func write(
    _ contents: CheckpointContents, in run: URL
  ) throws -> (checkpoint: CheckpointFolder, sha256: String) {
    let step = contents.state.step
    let checkpoint = CheckpointFolder(url: run.appending(path: name(step: step)), step: step)
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
    try contents.adapter.write(to: adapter)
    try contents.optimizer.write(to: optimizer)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try DurableFile.write(encoder.encode(contents.state), to: url.appending(path: "state.json"))
    var hashes: [String: String] = [:]
    for file in Self.files {
      hashes[file] = try ContentHash.of(fileAt: url.appending(path: file))
    }
    let manifest = url.appending(path: "manifest.json")
    Failpoint.manifest.pass(manifest.path)
    try DurableFile.write(encoder.encode(Manifest(files: hashes)), to: manifest)
    try DurableFile.syncFolder(url)
    return hashes["adapter.safetensors", default: ""]
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
    let manifest: Manifest
    do {
      manifest = try JSONDecoder().decode(
        Manifest.self, from: Data(contentsOf: url.appending(path: "manifest.json")))
    } catch {
      throw damaged("its manifest.json is missing or unreadable")
    }
    for file in Self.files {
      let hash: String
      do {
        hash = try ContentHash.of(fileAt: url.appending(path: file))
      } catch {
        throw damaged("\(file) is missing or unreadable")
      }
      guard hash == manifest.files[file] else {
        throw damaged("\(file) is not what was written")
      }
    }
    return manifest.files["adapter.safetensors", default: ""]
  }

  /// The state. Throws `CheckpointError`.
  public func state() throws -> TrainingState {
    do {
      let data = try Data(contentsOf: url.appending(path: "state.json"))
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard format == TrainingState.currentFormat else {
        throw CheckpointError.otherFormat(folder: url.relativePath, format: format)
      }
      return try JSONDecoder().decode(TrainingState.self, from: data)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw damaged("its state.json cannot be read")
    }
  }

  /// Gives the adapters and the optimizer the values of this checkpoint, in place.
  func restore(_ sites: [LoRASite], _ optimizer: any Optimizer) throws {
    let adapters = try SafetensorsFile(contentsOf: adapter)
    for (name, tensor) in sites.flatMap(\.tensors) {
      try tensor.copy(from: adapters.tensor("unet.\(name)"))
    }
    let moments = try SafetensorsFile(contentsOf: self.optimizer)
    try optimizer.restore { try moments.tensor($0) }
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
