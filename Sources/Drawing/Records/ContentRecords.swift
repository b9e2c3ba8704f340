import Adapters
import Files
public import Foundation
import NN
public import StableDiffusion

/// The hashes that pictures record of what they are drawn with.
public struct ContentRecords {
  private let hashes: FileHashes

  /// Hashes of large files are remembered in a folder.
  public init(in folder: URL) { hashes = FileHashes(in: folder) }

  /// A model by its content: the hash of a file that stands alone, or one of all of its parts' files.
  /// Throws `FileAccessError`, `ModelError`, `WeightsError`.
  public func record(_ model: ModelDirectory, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try model.contentHash(hashes))
  }

  /// A model's VAE by its content, where it is not the model's own. Throws as ``record(_:path:)``.
  public func vae(of model: ModelDirectory, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try model.contentHashOfVAE(hashes))
  }

  /// A file by its content. Throws `FileAccessError`.
  public func record(_ file: URL, path: String) throws -> PictureRecord.Source {
    PictureRecord.Source(path: path, sha256: try hashes.hash(of: file))
  }

  /// An adapter by its content, and that of the file beside it that says its scale. Throws
  /// `FileAccessError`.
  public func adapter(
    _ file: URL, name: String, path: String, scale: Double
  ) throws -> PictureRecord.Adapter {
    let neighbour = file.deletingLastPathComponent().appending(path: AdapterFile.configurationName)
    let own = try hashes.hash(of: file)
    let sha256 =
      FileManager.default.fileExists(atPath: neighbour.path)
      ? ContentHash.of([own, try hashes.hash(of: neighbour)]) : own
    return PictureRecord.Adapter(
      name: name, path: path, scale: scale, sha256: sha256,
      tensorsSHA256: try Self.hashOfTensors(file))
  }

  /// Remembers the hashes beyond this process. Throws `FileAccessError`.
  public func save() throws { try hashes.save() }

  /// The hash of a safetensors file without its header, so that other metadata changes nothing; of
  /// all of it where it is no such file.
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
