/// A node of the tree that assistive technology reads.
package struct AccessibilityNode: Sendable, Decodable {
  /// Its identifier in the tree.
  package let id: String
  /// The identifiers of its children.
  package let children: [String]
  /// Its role, such as `button`.
  package let role: String
  /// Its name, as a screen reader reads it.
  package let name: String
  /// Whether assistive technology does not see it.
  package let ignored: Bool
  /// Its states, such as `checked`, `disabled`, `expanded` and `level`.
  package let properties: [String: JSON]

  /// Whether the keyboard reaches it.
  package var focusable: Bool { properties["focusable"] == true }

  private enum CodingKeys: String, CodingKey {
    case id = "nodeId"
    case children = "childIds"
    case role
    case name
    case ignored
    case properties
  }

  private struct Value: Decodable { let value: JSON? }

  private struct Property: Decodable {
    let name: String
    let value: Value
  }

  /// Decodes an `AXNode` of the protocol.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String {
      guard case .string(let text) = try container.decodeIfPresent(Value.self, forKey: key)?.value
      else { return "" }
      return text
    }
    id = try container.decode(String.self, forKey: .id)
    children = try container.decodeIfPresent([String].self, forKey: .children) ?? []
    role = try text(.role)
    name = try text(.name)
    ignored = try container.decode(Bool.self, forKey: .ignored)
    let properties = try container.decodeIfPresent([Property].self, forKey: .properties) ?? []
    self.properties = Dictionary(properties.map { ($0.name, $0.value.value ?? .null) }) { $1 }
  }
}
