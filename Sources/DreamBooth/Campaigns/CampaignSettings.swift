import StableDiffusion

/// What a campaign's template, or one entry of its lists, says of how to draw; nil: nothing.
public struct CampaignSettings: Decodable, Sendable, Equatable {
  /// What to keep away from.
  public var negative: String?
  /// Pixels in a row.
  public var width: Int?
  /// Rows.
  public var height: Int?
  /// Sampler steps.
  public var steps: Int?
  /// How closely to follow the prompt.
  public var guidance: Double?
  /// A sampler's name.
  public var scheduler: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case negative, width, height, steps, guidance, scheduler
  }

  /// Nothing said.
  public init() {}

  /// These, with what others say in their place.
  public func overridden(by other: CampaignSettings) -> CampaignSettings {
    var settings = self
    settings.negative = other.negative ?? negative
    settings.width = other.width ?? width
    settings.height = other.height ?? height
    settings.steps = other.steps ?? steps
    settings.guidance = other.guidance ?? guidance
    settings.scheduler = other.scheduler ?? scheduler
    return settings
  }

  /// Throws `ConfigError` for a value that is not allowed; `origin` says where an option was set.
  func check(_ origin: (CodingKeys) -> ConfigOrigin) throws(ConfigError) {
    func require(
      _ isAllowed: Bool, _ key: CodingKeys, _ found: String, _ allowed: String
    ) throws(ConfigError) {
      guard !isAllowed else { return }
      throw .invalidValue(
        key: key.rawValue, origin: origin(key), found: found, allowed: allowed)
    }
    for (key, side) in [(CodingKeys.width, width), (.height, height)] {
      guard let side else { continue }
      try require(
        (8...65_536).contains(side) && side.isMultiple(of: 8), key, "\(side)",
        "a positive multiple of 8")
    }
    if let steps { try require((1...1000).contains(steps), .steps, "\(steps)", "from 1 to 1000") }
    if let guidance {
      try require(
        guidance.isFinite && guidance >= 0, .guidance, "\(guidance)", "a number of at least 0")
    }
    if let scheduler {
      try require(
        SchedulerName(scheduler) != nil, .scheduler, scheduler, SchedulerName.allowed)
    }
  }
}
