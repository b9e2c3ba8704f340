package import Files

/// What a model is known by: the content of its files, wherever they are.
extension ModelDirectory {
  /// The parts that the model has: a refiner has no first text encoder.
  private var parts: [Component] {
    Component.allCases.filter { role == .base || ![.textEncoder, .tokenizer].contains($0) }
  }

  /// The hash of everything that decides what one part computes. Throws `FileAccessError`,
  /// `ModelError`, `WeightsError`.
  package func contentHash(of part: Component, _ hashes: FileHashes) throws -> String {
    try hashes.hash(of: files(of: part))
  }

  /// The hashes of all parts that the model has. Throws as ``contentHash(of:_:)``.
  package func contentHashes(_ hashes: FileHashes) throws -> [String] {
    try parts.map { try contentHash(of: $0, hashes) }
  }

  /// One hash of the whole model, as images record it: of a file that stands alone its own, which other
  /// programs show too. Throws as ``contentHash(of:_:)``.
  package func contentHash(_ hashes: FileHashes) throws -> String {
    if try files(of: .scheduler) == [url] { return try hashes.hash(of: url) }
    return ContentHash.of(
      ["\(forceZerosForEmptyPrompt)"]
        + (try parts.flatMap { part in
          try [part.rawValue] + files(of: part).map { try hashes.hash(of: $0) }
        }))
  }

  /// The hash of the VAE alone, as images record one that is not the model's own. Throws as
  /// ``contentHash(of:_:)``.
  package func contentHashOfVAE(_ hashes: FileHashes) throws -> String {
    let files = try files(of: .vae).map { try hashes.hash(of: $0) }
    return files.count == 1 ? files[0] : ContentHash.of(files)
  }
}
