package import Foundation

/// PyTorch's older file format, pickle, in which a file may contain any program. Such files are
/// recognised and never loaded.
package enum Pickle {
  /// The file name extensions that programs give to pickled weights.
  private static let extensions = ["bin", "ckpt", "pt", "pth"]
  /// The first bytes of a ZIP archive, in which torch.save puts its pickles.
  private static let archive: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
  /// The first byte of a bare pickle. The second is the version of its protocol.
  private static let protocolCode: UInt8 = 0x80

  /// Whether bytes begin like a pickled file. A whole safetensors file may begin like one, too, so
  /// this is asked only for files that are none.
  static func isPickle(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: archive)
      || bytes.count > 1 && bytes[0] == protocolCode && (2...5).contains(bytes[1])
  }

  /// Whether a file begins like a pickled one. Throws `FileAccessError.unreadable`.
  package static func isPickle(_ url: URL) throws -> Bool {
    let file = try MappedFile(url)
    return withExtendedLifetime(file) { isPickle(file.bytes) }
  }

  /// The pickled weights of this name in a folder, if there are any.
  static func file(named name: String, in folder: URL) -> URL? {
    // transformers calls them `pytorch_model.bin`.
    [name, "pytorch_\(name)"].flatMap { name in
      extensions.map { folder.appending(path: "\(name).\($0)") }
    }.first { FileManager.default.fileExists(atPath: $0.path) }
  }
}
