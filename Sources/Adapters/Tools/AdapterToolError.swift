public import Files

/// Adapters or models that a tool cannot work with.
public enum AdapterToolError: ReportableError, Equatable {
  /// A layer has an adapter of a kind that cannot be merged or resized.
  case otherKind(layer: String, kind: String)
  /// Two models have different layers.
  case otherLayers(base: String, tuned: String, layer: String)
  /// Two models have the same weights.
  case noDifference(base: String, tuned: String, minimum: Double)
  /// A weight with its adapters is not finite in the type that it is written in.
  case notFinite(layer: String, type: String)
  /// No known model has the layers of a file.
  case unknownModel(file: String, layer: String)

  /// The kind of error.
  public var kind: ErrorKind { .badData }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .otherKind(let layer, let kind):
      "The adapter of \(layer) is of the kind \(kind), but only LoRA can be merged and resized; bake "
        + "the file into its base model, and extract a LoRA from the difference."
    case .otherLayers(let base, let tuned, let layer):
      "\(tuned) does not belong to \(base): \(layer) has another shape or is missing; give a model "
        + "and the base that it was fine-tuned from."
    case .noDifference(let base, let tuned, let minimum):
      "\(tuned) does not differ from \(base) by more than \(minimum) in any of the chosen layers; "
        + "choose other layers or another model."
    case .notFinite(let layer, let type):
      "The weight of \(layer) with its adapters is not finite in \(type); lower the strength, choose "
        + "another precision, or check the adapter."
    case .unknownModel(let file, let layer):
      "\(file) does not fit SDXL or an installed model, in which \(layer) is missing or has another "
        + "size; give the base model that it was trained on with `model`."
    }
  }
}
