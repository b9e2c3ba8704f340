import Drawing
import Files
import Foundation
import NN
import Torch

/// Tensors kept on the disk under the hash of everything that they were computed from, so that a
/// stale one cannot be found, and with a hash of themselves, so that a damaged one is not used.
/// Deleting the folder is always safe.
struct TensorCache {
  private let folder: URL
  private let arithmetic: Arithmetic

  /// A cache of one kind of tensors, computed on `device` or by so many `threads` of the CPU, below
  /// a root of all caches.
  init(_ kind: CacheKind, in root: URL, device: Device, threads: Int) {
    folder = root.appending(path: kind.rawValue)
    arithmetic = Arithmetic(device: device, threads: threads)
  }

  /// The key of what these inputs lead to, each told by its content.
  func key(_ inputs: [String]) -> String { ContentHash.of(inputs + [arithmetic.description]) }

  /// Where the tensors of a key are kept.
  func url(_ key: String) -> URL { folder.appending(path: "\(key).safetensors") }

  /// The tensors of a key by their names; nil where they are not kept whole.
  func tensors(_ key: String) -> [String: Tensor]? {
    do {
      return try TensorEntry(url: url(key)).read()
    } catch {
      // Not there, or damaged: either way they have to be computed.
      return nil
    }
  }

  /// Keeps the tensors of a key, in place of what is there. Throws `FileAccessError.unwritable`,
  /// `WeightsError`.
  func store(_ tensors: [String: Tensor], _ key: String) throws {
    try TensorEntry(url: url(key)).write(tensors)
  }
}
