import NN
import Torch

/// The family of base models that an adapter was trained for, as far as its layers show it.
public enum ModelFamily: String, Sendable, Encodable, CaseIterable {
  case stableDiffusion1 = "Stable Diffusion 1.5"
  case stableDiffusion2 = "Stable Diffusion 2"
  case sdxl = "SDXL"
  case refiner = "SDXL's refiner"

  /// The width of the prompt's embedding, which the UNet's cross attention projects to keys.
  private var textWidth: Int {
    switch self {
    case .stableDiffusion1: 768
    case .stableDiffusion2: 1024
    case .sdxl: 2048
    case .refiner: 1280
    }
  }

  /// The family by the width of the cross attention's keys, or else by the names and width of the
  /// text encoders; nil if neither is in the file, or of another model.
  init?(_ layers: [AdapterLayerName: any AdapterKind]) {
    let names = layers.keys.map(\.text)
    if let width = Self.inputWidth(of: layers, where: Self.isCrossAttention) {
      guard let family = Self.allCases.first(where: { $0.textWidth == width }) else { return nil }
      self = family
    } else if names.contains(where: { $0.hasPrefix("lora_te2_") || $0.hasPrefix("text_encoder_2.") }
    ) {
      self = .sdxl
    } else if let width = Self.inputWidth(of: layers, where: { $0.hasPrefix("lora_te_") }) {
      guard width == 768 || width == 1024 else { return nil }
      self = width == 768 ? .stableDiffusion1 : .stableDiffusion2
    } else {
      return nil
    }
  }

  private static func isCrossAttention(_ name: String) -> Bool {
    ["attn2_to_k", "attn2.to_k", "attn2_to_v", "attn2.to_v"].contains { name.hasSuffix($0) }
  }

  private static func inputWidth(
    of layers: [AdapterLayerName: any AdapterKind], where isWanted: (String) -> Bool
  ) -> Int? {
    layers.filter { isWanted($0.key.text) }.compactMap { $0.value.weightShape?[1] }.min()
  }
}

extension AdapterFile {
  /// The family of base models that the adapter was trained for, if its layers show it.
  public var family: ModelFamily? { ModelFamily(layers) }
}
