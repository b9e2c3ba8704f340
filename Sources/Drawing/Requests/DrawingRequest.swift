package import Options

/// The options given for a drawing, over the defaults of the rest. Flags, the record of a picture, a
/// campaign's template and its entries each are a request; requests are layered over each other.
package struct DrawingRequest: Sendable, Equatable {
  /// Every option. Options that were not given have their defaults.
  package private(set) var options = DrawingOptions()
  /// The keys of the options that were given.
  package private(set) var given: Set<String> = []
  /// The seed that was drawn at random, because a negative one was given; nil for a given seed.
  package private(set) var drawnSeed: UInt64?

  package init() {}

  /// The options of flags or a file. Throws `ConfigError` for a value that is not allowed.
  package init(_ layers: OptionLayers<DrawingOptions>) throws(ConfigError) {
    var layers = layers
    drawnSeed = layers.drawSeed(\.$seed)
    options = try layers.resolve()
    given = layers.keys
  }

  /// Whether an option was given: `request.gives(\.$seed)`.
  package func gives<Value>(
    _ option: KeyPath<DrawingOptions, DrawingOptions.Option<Value>>
  ) -> Bool {
    given.contains(DrawingOptions.schema.key(of: option))
  }

  /// Sets an option: `request.set(\.$seed, to: 7)`.
  package mutating func set<Value>(
    _ option: WritableKeyPath<DrawingOptions, DrawingOptions.Option<Value>>, to value: Value
  ) {
    options[keyPath: option].wrappedValue = value
    given.insert(DrawingOptions.schema.key(of: option))
  }

  /// This request layered over another: its options replace the other's.
  package func over(_ base: DrawingRequest) -> DrawingRequest {
    let replaced = given.reduce(into: given) { $0.formUnion(Self.companions[$1] ?? []) }
    let kept = base.given.subtracting(replaced)
    var request = self
    request.options = options.taking(kept, from: base.options)
    request.given.formUnion(kept)
    return request
  }

  /// The options that an overlay drops together with a replaced one. The strength of replaced adapters,
  /// for example, is dropped with them.
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
