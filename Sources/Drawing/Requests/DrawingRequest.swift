package import Options

/// What a drawing is to be: the options that were given, whoever gave them, over the defaults of the
/// rest. Flags, a recorded image, a campaign's template and its entries each are one, and are laid over
/// each other.
package struct DrawingRequest: Sendable, Equatable {
  /// Every option; those that were not given have their defaults.
  package private(set) var options = DrawingOptions()
  /// The keys of the options that were given.
  package private(set) var given: Set<String> = []

  /// Nothing given.
  package init() {}

  /// What is given in flags or a file. Throws `ConfigError` for a value that is not allowed.
  package init(_ layers: OptionLayers<DrawingOptions>) throws(ConfigError) {
    options = try layers.resolve()
    given = layers.keys
  }

  /// Whether an option was given: `request.gives(\.$seed)`.
  package func gives<Value>(
    _ option: KeyPath<DrawingOptions, DrawingOptions.Option<Value>>
  ) -> Bool {
    given.contains(DrawingOptions.schema.key(of: option))
  }

  /// Gives an option: `request.set(\.$seed, to: 7)`.
  package mutating func set<Value>(
    _ option: WritableKeyPath<DrawingOptions, DrawingOptions.Option<Value>>, to value: Value
  ) {
    options[keyPath: option].wrappedValue = value
    given.insert(DrawingOptions.schema.key(of: option))
  }

  /// This request over another: what it gives replaces what the other one gives.
  package func over(_ base: DrawingRequest) -> DrawingRequest {
    let replaced = given.reduce(into: given) { $0.formUnion(Self.companions[$1] ?? []) }
    let kept = base.given.subtracting(replaced)
    var request = self
    request.options = options.taking(kept, from: base.options)
    request.given.formUnion(kept)
    return request
  }

  /// Options that mean nothing any more once another one is given anew: an adapter's strength belongs to
  /// the adapter, for one.
  private static let companions: [String: Set<String>] = {
    let schema = DrawingOptions.schema
    let (split, strength) = (schema.key(of: \.$split), schema.key(of: \.$refinerStrength))
    return [
      schema.key(of: \.$model): [schema.key(of: \.$vae)],
      schema.key(of: \.$loras): [schema.key(of: \.$mergeAdapters), schema.key(of: \.$strength)],
      split: [strength], strength: [split],
    ]
  }()
}
