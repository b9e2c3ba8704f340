package import Files

extension DrawingRequest {
  /// Throws `DrawingRequestError` for options that do not go together.
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

/// Options of a drawing that do not go together, or name what does not exist.
package enum DrawingRequestError: ReportableError, Equatable {
  /// An option about a refiner, and there is none.
  case needsRefiner(String)
  /// Both ways to use a refiner.
  case twoRefinements
  /// A strength of an image, and there is no image.
  case needsImage
  /// A strength of adapters, and there are no adapters.
  case needsAdapter(hasImage: Bool)
  /// The last seeds do not exist.
  case seedTooLarge(UInt64, count: Int)
  /// There is no such adapter file.
  case missingAdapter(String)

  package var kind: ErrorKind {
    if case .missingAdapter = self { .missingInput } else { .usage }
  }

  /// One sentence: which option, what was found, what to do.
  package var description: String {
    switch self {
    case .needsRefiner(let key):
      "`\(key)` needs a refiner; choose one with `refiner`."
    case .twoRefinements:
      "`split` and `refiner_strength` are two ways to use a refiner; choose one."
    case .needsImage:
      "`image_strength` needs an image to draw over; choose one with `image`."
    case .needsAdapter(let hasImage):
      "`strength` needs an adapter, whose strength it is; choose one with `lora` or `run`"
        + (hasImage ? ", or use `image_strength` for the image." : ".")
    case .seedTooLarge(let seed, let count):
      "`seed` is \(seed), which leaves no room for \(count) seeds; choose a smaller one."
    case .missingAdapter(let path):
      "There is no adapter \(path); give `lora` a .safetensors file."
    }
  }
}
