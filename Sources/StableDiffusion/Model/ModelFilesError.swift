package import Files

/// A repository or folder whose files are no model that this program reads.
package enum ModelFilesError: ReportableError, Equatable {
  /// Neither a model in diffusers' layout nor a VAE.
  case noModel(place: String)
  /// A file that every such model has.
  case missing(place: String, file: String)
  /// Weights are missing, or exist only in forms that are not read.
  case noWeights(place: String, file: String, pickled: [String])
  /// No weights of a variant.
  case noVariant(place: String, variant: String)
  /// A variant that this program does not know.
  case otherVariant(variant: String)

  package var kind: ErrorKind {
    switch self {
    case .noModel, .noWeights: .badData
    case .missing, .noVariant: .missingInput
    case .otherVariant: .usage
    }
  }

  package var description: String {
    switch self {
    case .noModel(let place):
      "\(place) is no SDXL model in diffusers' layout, since it has no model_index.json, and no VAE; choose "
        + "a repository in diffusers' layout."
    case .missing(let place, let file):
      "\(place) has no \(file); choose a repository with a complete SDXL model."
    case .noWeights(let place, let file, let pickled) where pickled.isEmpty:
      "\(place) has no \(file); choose a repository with a complete SDXL model."
    case .noWeights(let place, let file, let pickled):
      "\(place) has no \(file), only \(listing(pickled)), and such files can run any code when they are "
        + "read; choose a repository with .safetensors files."
    case .noVariant(let place, let variant):
      "\(place) has no weights of the variant \(variant); leave out `variant`."
    case .otherVariant(let variant):
      "The variant \(variant.excerpt()) is not known; give `variant` fp16, or leave it out."
    }
  }
}
