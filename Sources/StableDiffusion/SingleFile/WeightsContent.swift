/// What a file of weights contains, by the names of its tensors. Messages name it when a file is given in
/// the place of another kind.
public enum WeightsContent: Sendable, Equatable {
  /// A LoRA or another adapter.
  case adapter
  /// All parts of a model in one file.
  case model
  case unet
  case vae
  case textEncoder
  /// A textual inversion: vectors for words in prompts.
  case embedding
  case controlNet
  case imagePromptAdapter

  /// Parts of tensor names. The first kind with one of them counts.
  private static let signs: [(WeightsContent, [String])] = [
    (.adapter, ["lora_", ".lora.", ".hada_", ".lokr_", ".oft_", ".dora_scale"]),
    (.controlNet, ["controlnet_cond_embedding.", "control_model.", "input_hint_block."]),
    (.imagePromptAdapter, ["ip_adapter.", "image_proj."]),
    (.model, ["model.diffusion_model.", "conditioner.embedders."]),
    (.unet, ["time_embedding.", "time_embed."]),
    (.vae, ["decoder.conv_in.", "first_stage_model."]),
    (.textEncoder, ["text_model.", "token_embedding.", "transformer.resblocks."]),
  ]
  /// The tensors of a textual inversion.
  private static let embeddingNames: Set = ["clip_l", "clip_g", "emb_params", "string_to_param"]

  /// nil for names of no known kind.
  package init?(_ names: some Collection<String>) {
    guard !names.isEmpty else { return nil }
    let isEmbedding = names.allSatisfy {
      Self.embeddingNames.contains($0) || ($0.first == "<" && $0.last == ">")
    }
    guard !isEmbedding else {
      self = .embedding
      return
    }
    let found = Self.signs.first { _, signs in
      names.contains { name in signs.contains { name.contains($0) } }
    }
    guard let found else { return nil }
    self = found.0
  }
}

extension WeightsContent: CustomStringConvertible {
  /// The kind with its article, such as "a LoRA".
  public var description: String {
    switch self {
    case .adapter: "a LoRA or another adapter"
    case .model: "a whole model"
    case .unet: "a UNet without the other parts of a model"
    case .vae: "a VAE"
    case .textEncoder: "a text encoder"
    case .embedding: "an embedding (textual inversion)"
    case .controlNet: "a ControlNet"
    case .imagePromptAdapter: "an IP-Adapter"
    }
  }
}
