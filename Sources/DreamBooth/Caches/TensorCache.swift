import Foundation
import NN
import Torch

/// Tensors kept on the disk under the hash of everything that they were computed from, so that a
/// stale one cannot be found. Deleting the folder is always safe.
struct TensorCache {
  private let folder: URL
  private let arithmetic: Arithmetic

  /// A cache of one kind of tensors, as `latents`, computed on `device` or by so many `threads` of
  /// the CPU, below a root of all caches.
  init(_ kind: String, in root: URL, device: Device, threads: Int) {
    folder = root.appending(path: kind)
    arithmetic = Arithmetic(device: device, threads: threads)
  }

  /// The key of what these inputs lead to, each told by its content.
  func key(_ inputs: [String]) -> String { ContentHash.of(inputs + [arithmetic.description]) }

  /// The tensors of a key, in the order of `names`; computed where they are not kept whole. What
  /// `compute` throws ends it.
  ///
  /// Throws `FileAccessError.unwritable`, `WeightsError`.
  func tensors(
    _ key: String, names: [String], compute: () throws -> [Tensor]
  ) throws -> [Tensor] {
    do {
      return try read(key, names)
    } catch {
      // Not there, or damaged: either way it is computed again and replaced.
      try write(Array(zip(names, compute())), key)
      // Read back: a tensor in another memory layout has the same values, but leads to other last
      // bits, and a run would differ from one that finds it here.
      return try read(key, names)
    }
  }

  private func read(_ key: String, _ names: [String]) throws -> [Tensor] {
    let file = try SafetensorsFile(contentsOf: url(key))
    return try names.map { try file.tensor($0) }
  }

  private func write(_ tensors: [(name: String, tensor: Tensor)], _ key: String) throws {
    try DurableFile.replace(url(key)) { try SafetensorsWriter.write(tensors, to: $0) }
  }

  private func url(_ key: String) -> URL { folder.appending(path: "\(key).safetensors") }
}
