import Foundation
import NN
import Torch

/// Tensors kept on the disk under the hash of everything that they were computed from, so that a
/// stale one cannot be found. Deleting the folder is always safe.
struct TensorCache {
  private let folder: URL
  private let arithmetic: String

  /// A cache of one kind of tensors, as `latents`, computed on `device`, below a root of all caches.
  init(_ kind: String, in root: URL, device: Device) {
    folder = root.appending(path: kind)
    // These decide the last bits of what is computed, and with them whether a run that goes on
    // without the cache is the same run.
    arithmetic =
      "libtorch \(Backend.version), "
      + (device.isCUDA ? "CUDA" : "\(Backend.threads) CPU threads")
  }

  /// The key of what these inputs lead to, each told by its content.
  func key(_ inputs: [String]) -> String { ContentHash.of(inputs + [arithmetic]) }

  /// The tensors of a key, in the order of `names`, or nil where they are not kept whole.
  func read(_ key: String, names: [String]) -> [Tensor]? {
    do {
      let file = try SafetensorsFile(contentsOf: url(key))
      return try names.map { try file.tensor($0) }
    } catch {
      // Not there, or damaged: either way it is computed again and replaced.
      return nil
    }
  }

  /// Keeps tensors under a key. Throws `FileAccessError.unwritable`, `WeightsError`.
  func write(_ tensors: [(name: String, tensor: Tensor)], key: String) throws {
    try DurableFile.makeFolder(folder)
    let temporary = folder.appending(path: ".\(key).\(getpid())")
    try SafetensorsWriter.write(tensors, to: temporary)
    try DurableFile.rename(temporary, to: url(key))
  }

  private func url(_ key: String) -> URL { folder.appending(path: "\(key).safetensors") }
}
