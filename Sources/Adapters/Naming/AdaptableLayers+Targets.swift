package import StableDiffusion

extension AdaptableLayers {
  /// The shortest ends of paths that match these layers of a part and no others, such as `to_q`; the
  /// whole paths if there are none.
  package func targets(
    of layers: some Collection<Layer>, in part: ModelDirectory.Component
  ) -> [String] {
    let ends = Set(layers.map { Self.end(of: $0.path) })
    let matched = self.layers.filter { layer in
      layer.part == part && ends.contains { layer.path == $0 || layer.path.hasSuffix(".\($0)") }
    }
    return matched.count == layers.count ? ends.sorted() : layers.map(\.path).sorted()
  }

  /// `to_q`, or `to_out.0` where a number ends the path.
  private static func end(of path: String) -> String {
    let parts = path.split(separator: ".")
    let isIndex = parts.last.flatMap { Int($0) } != nil
    return parts.suffix(isIndex ? 2 : 1).joined(separator: ".")
  }
}

/// The most frequent of some values; the smallest of several.
package func mostFrequent<Value: Hashable & Comparable>(_ values: some Sequence<Value>) -> Value? {
  Dictionary(grouping: values) { $0 }.max {
    ($0.value.count, $1.key) < ($1.value.count, $0.key)
  }?.key
}
