import Files
import NN

/// A kind of cached data. Its raw value names its folder or file in the cache folder.
public enum CacheKind: String, CaseIterable, Sendable, Codable {
  /// Images encoded by the VAE (``LatentCache``).
  case latents
  /// Embeddings of captions and prompts (``TextCache``).
  case text
  /// Class images that the base model has drawn (``ClassImageCache``).
  case classImages = "class-images"
  /// Pictures of comparisons (``ComparisonDrawing``).
  case pictures
  /// Hashes of model files (``FileHashes``).
  case fileHashes = "file-hashes.json"

  /// The name of the folder; nil for a kind that is a single file.
  package var folder: String? { self == .fileHashes ? nil : rawValue }

  /// The length of the entry's name at the start of a file name; nil if the file is no entry. Lock
  /// and temporary files have the name of their entry as a prefix.
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
