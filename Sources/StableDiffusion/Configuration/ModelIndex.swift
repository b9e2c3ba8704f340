/// `model_index.json`: which class each folder of a model directory is for.
struct ModelIndex: Decodable {
  /// Library and class of a component, both null where the model has none.
  typealias Component = [String?]

  let unet: Component?
  let vae: Component?
  let textEncoder: Component?
  let textEncoder2: Component?
  let tokenizer: Component?
  let tokenizer2: Component?
  let scheduler: Component?
  let forceZerosForEmptyPrompt: Bool?

  /// What keeps this from being an SDXL base model that can be used here, or nil.
  var problem: String? {
    let required: [(component: ModelDirectory.Component, found: Component?, wanted: String?)] = [
      (.unet, unet, "UNet2DConditionModel"),
      (.vae, vae, "AutoencoderKL"),
      (.textEncoder, textEncoder, "CLIPTextModel"),
      (.textEncoder2, textEncoder2, "CLIPTextModelWithProjection"),
      (.tokenizer, tokenizer, nil),
      (.tokenizer2, tokenizer2, nil),
      (.scheduler, scheduler, nil),
    ]
    for (component, found, wanted) in required {
      let name = component.rawValue
      guard let className = found?.last ?? nil else { return "it names no \(name)" }
      if let wanted, className != wanted { return "\(name) is \(className) and not \(wanted)" }
    }
    return nil
  }
}
