/// The result of an expression.
struct Evaluation<Value: Decodable>: Decodable {
  /// The value, nil if the expression threw or is undefined, which an optional type takes as its nil.
  let value: Value?
  /// The exception it threw.
  let exceptionDetails: ExceptionDetails?

  private enum CodingKeys: CodingKey {
    case result
    case exceptionDetails
  }

  private enum ResultKeys: CodingKey { case value }

  /// Decodes the reply to `Runtime.evaluate`.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    exceptionDetails = try container.decodeIfPresent(
      ExceptionDetails.self, forKey: .exceptionDetails)
    let result = try container.nestedContainer(keyedBy: ResultKeys.self, forKey: .result)
    let none = (Value.self as? any ExpressibleByNilLiteral.Type)?.init(nilLiteral: ()) as? Value
    // What an exception holds is no value.
    value =
      exceptionDetails == nil && result.contains(.value)
      ? try result.decode(Value.self, forKey: .value) : none
  }
}
