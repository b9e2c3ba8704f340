import NN
import Torch

/// Trained tensors of adapters in groups with a learning rate each.
struct RateGroups {
  /// The group of the tensors that no pattern matches comes first.
  let groups: [ParameterGroup]

  /// - Parameters:
  ///   - name: The part of the model, such as `unet`.
  ///   - prefix: The beginning of the tensors' names, which no other part has.
  ///   - rate: The peak learning rate.
  ///   - factors: Factors on the rate by patterns of layers.
  ///   - upFactor: A factor on the rate of the up matrices of LoRAs (Hayou et al. 2024, "LoRA+").
  init(
    _ sites: [AdapterSite], named name: String, prefix: String = "", rate: Double,
    factors: LayerValues<Double> = LayerValues([:]), upFactor: Double
  ) {
    struct Kind: Hashable {
      let pattern: String?
      let isUp: Bool
    }
    var members: [Kind: (rate: Double, parameters: [(name: String, tensor: Tensor)])] = [:]
    var order: [Kind] = [Kind(pattern: nil, isUp: false)]
    for site in sites {
      let own = factors.match(site.path)
      for parameter in site.tensors {
        let isUp = upFactor != 1 && site.isUpMatrix(parameter.name)
        let kind = Kind(pattern: own?.pattern, isUp: isUp)
        if !order.contains(kind) { order.append(kind) }
        let factor = (own?.value ?? 1) * (isUp ? upFactor : 1)
        members[kind, default: (rate * factor, [])].parameters.append(
          (prefix + parameter.name, parameter.tensor))
      }
    }
    groups = order.compactMap { kind in
      members[kind].map { member in
        let words = [name, kind.pattern, kind.isUp ? "up" : nil].compactMap(\.self)
        return ParameterGroup(
          words.joined(separator: " "), member.parameters, learningRate: member.rate)
      }
    }
  }
}

extension AdapterSite {
  /// Whether a tensor is the up matrix of a LoRA, which starts at zero.
  fileprivate func isUpMatrix(_ name: String) -> Bool { name.hasSuffix(".lora_B.weight") }
}
