/// `model_index.json`: the class of each component of a model folder.
struct ModelIndex: Decodable {
  /// Library and class of a component; both null if the model has no such component.
  typealias Component = [String?]

  let unet: Component?
  let vae: Component?
  let textEncoder: Component?
  let textEncoder2: Component?
  let tokenizer: Component?
  let tokenizer2: Component?
  let scheduler: Component?
  let forceZerosForEmptyPrompt: Bool?
  let requiresAestheticsScore: Bool?

  /// The error if this is not an SDXL model that can be used in a role, else nil.
  func error(as role: ModelDirectory.Role, path: String) -> ModelError? {
    switch (role, isRefiner) {
    case (.base, true):
      return .refinerAsBase(path: path)
    case (.refiner, false) where problem(as: .base) == nil:
      return .baseAsRefiner(path: path)
    default:
      return problem(as: role).map {
        .invalid(
          path: path, problem: $0,
          advice: "choose an SDXL \(role == .base ? "base model" : "refiner")")
      }
    }
  }

  /// A refiner has neither the first text encoder nor its tokenizer.
  var isRefiner: Bool {
    func isNull(_ component: Component?) -> Bool { (component?.last ?? nil) == nil }
    return isNull(textEncoder) && isNull(tokenizer) && !isNull(textEncoder2) && !isNull(unet)
  }

  private func problem(as role: ModelDirectory.Role) -> String? {
    let required: [(component: ModelDirectory.Component, found: Component?, wanted: String?)] = [
      (.unet, unet, "UNet2DConditionModel"),
      (.vae, vae, "AutoencoderKL"),
      (.textEncoder, textEncoder, "CLIPTextModel"),
      (.textEncoder2, textEncoder2, "CLIPTextModelWithProjection"),
      (.tokenizer, tokenizer, nil),
      (.tokenizer2, tokenizer2, nil),
      (.scheduler, scheduler, nil),
    ]
    let absent: Set<ModelDirectory.Component> = role == .base ? [] : [.textEncoder, .tokenizer]
    for (component, found, wanted) in required where !absent.contains(component) {
      let name = component.rawValue
      guard let className = found?.last ?? nil else { return "it names no \(name)" }
      if let wanted, className != wanted { return "\(name) is \(className) and not \(wanted)" }
    }
    return nil
  }
}
