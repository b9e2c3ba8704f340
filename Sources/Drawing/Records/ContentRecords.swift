import Adapters
import Files
package import Foundation
import NN
package import StableDiffusion

/// Content hashes of models, adapters and images, as pictures record them.
package struct ContentRecords {
  private let hashes: FileHashes

  /// - Parameter folder: the cache folder, where hashes of large files are kept.
  package init(in folder: URL) { hashes = FileHashes(in: folder) }

  /// A base model or refiner: one hash over all of its files. Throws `FileAccessError`, `ModelError`,
  /// `WeightsError`.
  package func record(_ model: ModelDirectory, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try model.contentHash(hashes))
  }

  /// A VAE that replaces the model's own. Throws as ``record(_:path:)``.
  package func vae(of model: ModelDirectory, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try model.contentHashOfVAE(hashes))
  }

  /// A single file. Throws `FileAccessError`.
  package func record(_ file: URL, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try hashes.hash(of: file))
  }

  /// An adapter. The hash covers the file beside it that contains its alpha, if there is one. Throws
  /// `FileAccessError`.
  package func adapter(
    _ file: URL, name: String, path: String, strength: Double
  ) throws -> PictureRecord.Adapter {
    let files = try AdapterFile.files(at: file)
    let neighbour = file.deletingLastPathComponent().appending(path: AdapterFile.configurationName)
    let beside = FileManager.default.fileExists(atPath: neighbour.path) ? [neighbour] : []
    let contents = try (files + beside).map(hashes.hash(of:))
    let sha256 = contents.count == 1 ? contents[0] : ContentHash.of(contents)
    return PictureRecord.Adapter(
      name: name, path: path, strength: strength, sha256: sha256,
      tensorsSHA256: try Self.hashOfTensors(files[0]))
  }

  /// Writes the hashes for later processes. Throws `FileAccessError`.
  package func save() throws { try hashes.save() }

  /// The hash of a safetensors file without its header, which does not depend on metadata. Of any other
  /// file, the hash of everything.
  private static func hashOfTensors(_ url: URL) throws(FileAccessError) -> String {
    do {
      let data = try Data(contentsOf: url, options: .alwaysMapped)
      let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let isHeader = data.count >= 8 && length <= UInt64(data.count - 8)
      return ContentHash.of(isHeader ? data.dropFirst(8 + Int(length)) : data)
    } catch {
      throw .unreadable(file: url.relativePath, reason: error.reason)
    }
  }
}
