package import Files

/// The identity of a model: the content of its files, wherever they are.
extension ModelDirectory {
  /// The parts of the model. A refiner has no first text encoder.
  private var parts: [Component] {
    Component.allCases.filter { role == .base || ![.textEncoder, .tokenizer].contains($0) }
  }

  /// The hash of everything that decides what one part computes. Throws `FileAccessError`,
  /// `ModelError`, `WeightsError`.
  package func contentHash(of part: Component, _ hashes: FileHashes) throws -> String {
    try hashes.hash(of: files(of: part))
  }

  /// The hashes of all parts. Throws as ``contentHash(of:_:)``.
  package func contentHashes(_ hashes: FileHashes) throws -> [String] {
    try parts.map { try contentHash(of: $0, hashes) }
  }

  /// One hash of the whole model, for the records of pictures. For a single file without
  /// configurations it is the file's own hash, which other programs show too. Throws as
  /// ``contentHash(of:_:)``.
  package func contentHash(_ hashes: FileHashes) throws -> String {
    if try files(of: .scheduler) == [url] { return try hashes.hash(of: url) }
    return ContentHash.of(
      ["\(forceZerosForEmptyPrompt)"]
        + (try parts.flatMap { part in
          try [part.rawValue] + files(of: part).map { try hashes.hash(of: $0) }
        }))
  }

  /// The hash of the VAE alone, for the records of pictures drawn with a separate VAE. Throws as
  /// ``contentHash(of:_:)``.
  package func contentHashOfVAE(_ hashes: FileHashes) throws -> String {
    let files = try files(of: .vae).map { try hashes.hash(of: $0) }
    return files.count == 1 ? files[0] : ContentHash.of(files)
  }
}
