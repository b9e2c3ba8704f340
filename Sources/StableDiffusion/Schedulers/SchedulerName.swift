/// The samplers by the names that users type.
public enum SchedulerName: String, CaseIterable, Sendable {
  case euler
  /// Euler with new noise in each step.
  case eulerAncestral = "euler-a"
  case heun
  case ddim
  case ddpm
  case dpm2M = "dpm++-2m"
  case dpm2MKarras = "dpm++-2m-karras"
  /// DPM++ 2M with new noise in each step.
  case dpm2MSDE = "dpm++-2m-sde"
  case dpm2MSDEKarras = "dpm++-2m-sde-karras"
  case unipc
  /// For models and adapters that were distilled to few steps.
  case lcm

  /// All names, for help and errors.
  public static var allowed: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The sampler of a name in any spelling: `DPM++ 2M Karras`, `dpmpp_2m_karras` and
  /// `dpm++-2m-karras` are the same, and so are both orders of `2m` and `sde`. Nil for any other
  /// name.
  public init?(_ text: String) {
    let name = text.lowercased()
      .replacing("_", with: "-").replacing(" ", with: "-").replacing("dpmpp", with: "dpm++")
      .replacing("sde-2m", with: "2m-sde")
    switch name {
    case "euler-ancestral": self = .eulerAncestral
    case "uni-pc": self = .unipc
    default: self.init(rawValue: name)
    }
  }

  /// The name of the class in diffusers.
  public var className: String {
    switch self {
    case .euler: "EulerDiscreteScheduler"
    case .eulerAncestral: "EulerAncestralDiscreteScheduler"
    case .heun: "HeunDiscreteScheduler"
    case .ddim: "DDIMScheduler"
    case .ddpm: "DDPMScheduler"
    case .dpm2M, .dpm2MKarras, .dpm2MSDE, .dpm2MSDEKarras: "DPMSolverMultistepScheduler"
    case .unipc: "UniPCMultistepScheduler"
    case .lcm: "LCMScheduler"
    }
  }
}

extension SchedulerConfiguration {
  /// The model's configuration for another sampler, as diffusers' `from_config` makes it: values of
  /// the file stay, and all others are the other class's defaults. Names with `karras` or `sde`
  /// also set the noise levels and the algorithm.
  public func replacingClass(with name: SchedulerName) -> SchedulerConfiguration {
    var configuration = self
    configuration.className = name.className
    switch name {
    case .dpm2M, .dpm2MKarras:
      configuration.algorithmType = .dpmSolverPlusPlus
      configuration.useKarrasSigmas = name == .dpm2MKarras
    case .dpm2MSDE, .dpm2MSDEKarras:
      configuration.algorithmType = .sdeDPMSolverPlusPlus
      configuration.useKarrasSigmas = name == .dpm2MSDEKarras
    default: break
    }
    return configuration
  }
}
