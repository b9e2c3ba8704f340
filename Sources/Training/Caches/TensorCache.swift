import Drawing
import Files
import Foundation
import NN
import Torch

/// Tensors on the disk. The file name is the hash of all inputs, so a stale file is never found. A
/// hash of the contents in the file detects damage. Deleting the folder is always safe.
struct TensorCache {
  private let folder: URL
  private let arithmetic: Arithmetic

  /// The cache of a kind in the cache folder `root`, for tensors computed with an arithmetic.
  init(_ kind: CacheKind, in root: URL, _ arithmetic: Arithmetic) {
    folder = root.appending(path: kind.rawValue)
    self.arithmetic = arithmetic
  }

  /// The key of tensors that are computed from these inputs. Inputs are identified by content.
  func key(_ inputs: [String]) -> String { ContentHash.of(inputs + [arithmetic.description]) }

  /// The file of a key.
  func url(_ key: String) -> URL { folder.appending(path: "\(key).safetensors") }

  /// The tensors of a key by name; nil if the file is missing or damaged.
  func tensors(_ key: String) -> [String: Tensor]? {
    do {
      return try TensorEntry(url: url(key)).read()
    } catch {
      // Missing or damaged: the tensors are computed again.
      return nil
    }
  }

  /// Writes the tensors of a key, replacing an existing file. Throws `FileAccessError.unwritable`,
  /// `WeightsError`.
  func store(_ tensors: [String: Tensor], _ key: String) throws {
    try TensorEntry(url: url(key)).write(tensors)
  }
}
