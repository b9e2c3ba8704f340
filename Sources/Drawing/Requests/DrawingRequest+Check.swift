package import Files

extension DrawingRequest {
  /// Throws `DrawingRequestError` for options that exclude or need each other.
  package func check() throws(DrawingRequestError) {
    if options.refiner == nil {
      if gives(\.$split) { throw .needsRefiner("split") }
      if gives(\.$refinerStrength) { throw .needsRefiner("refiner_strength") }
    }
    if options.split != nil && options.refinerStrength != nil { throw .twoRefinements }
    if gives(\.$imageStrength) && options.image == nil { throw .needsImage }
    if gives(\.$strength) && options.loras.isEmpty {
      throw .needsAdapter(hasImage: options.image != nil)
    }
    let last = options.seed.addingReportingOverflow(UInt64(options.count - 1))
    if last.overflow { throw .seedTooLarge(options.seed, count: options.count) }
  }
}

/// Drawing options that exclude or need each other, or an adapter file that does not exist.
package enum DrawingRequestError: ReportableError, Equatable {
  /// An option of the refiner without a refiner.
  case needsRefiner(String)
  /// Both ways to use a refiner.
  case twoRefinements
  /// An image strength without an image.
  case needsImage
  /// A strength without adapters.
  case needsAdapter(hasImage: Bool)
  /// The last seed overflows.
  case seedTooLarge(UInt64, count: Int)
  /// The adapter file does not exist.
  case missingAdapter(String)
  /// The file of an embedding does not exist.
  case missingEmbedding(String)

  package var kind: ErrorKind {
    switch self {
    case .needsRefiner, .twoRefinements, .needsImage, .needsAdapter, .seedTooLarge: .usage
    case .missingAdapter, .missingEmbedding: .missingInput
    }
  }

  package var description: String {
    switch self {
    case .needsRefiner(let key):
      "`\(key)` needs a refiner; choose one with `refiner`."
    case .twoRefinements:
      "`split` and `refiner_strength` are two ways to use a refiner; choose one."
    case .needsImage:
      "`image_strength` needs an image to draw over; choose one with `image`."
    case .needsAdapter(let hasImage):
      "`strength` needs an adapter; choose one with `lora` or `run`"
        + (hasImage ? ", or use `image_strength` for the image." : ".")
    case .seedTooLarge(let seed, let count):
      "`seed` is \(seed), too large for \(count) consecutive seeds; choose a smaller one."
    case .missingAdapter(let path):
      "There is no adapter \(path); give `lora` a .safetensors file."
    case .missingEmbedding(let path):
      "There is no embedding \(path); give `embeddings` a .safetensors file, or the name of one in "
        + "Checkpoints/embeddings."
    }
  }
}
