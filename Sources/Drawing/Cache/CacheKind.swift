import Files
import NN

/// What is kept in the folder of all caches, each kind in a folder or file of this name.
public enum CacheKind: String, CaseIterable, Sendable, Codable {
  /// The VAE's view of pictures (``LatentCache``).
  case latents
  /// Embeddings of captions and prompts (``TextCache``).
  case text
  /// Class images drawn with the base model (``ClassImageCache``).
  case classImages = "class-images"
  /// Pictures of comparisons (``ComparisonDrawing``).
  case pictures
  /// Hashes of models' files (``FileHashes``).
  case fileHashes = "file-hashes.json"

  /// The folder in the folder of all caches; nil for a kind that is a single file there.
  package var folder: String? { self == .fileHashes ? nil : rawValue }

  /// How many characters of a file's name, from the first, are the name of an entry; nil where they
  /// are none.
  package func lengthOfEntry(in name: some StringProtocol) -> Int? {
    let ending: String
    switch self {
    case .fileHashes: return name.hasPrefix(rawValue) ? rawValue.count : nil
    case .classImages, .pictures: ending = ".png"
    case .latents, .text: ending = ".safetensors"
    }
    let key = name.prefix(ContentHash.length)
    guard key.count == ContentHash.length, key.allSatisfy({ $0.isHexDigit && !$0.isUppercase }),
      name.dropFirst(key.count).hasPrefix(ending)
    else { return nil }
    return key.count + ending.count
  }
}
