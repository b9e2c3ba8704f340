import CTorch

/// The type of a tensor's elements.
public enum DType: String, Hashable, Sendable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int64, int32, int16, int8, uint8, bool

  /// Bytes per element.
  public var itemSize: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  var ctype: ct_dtype {
    switch self {
    case .float32: CT_FLOAT32
    case .float64: CT_FLOAT64
    case .float16: CT_FLOAT16
    case .bfloat16: CT_BFLOAT16
    case .int64: CT_INT64
    case .int32: CT_INT32
    case .int16: CT_INT16
    case .int8: CT_INT8
    case .uint8: CT_UINT8
    case .bool: CT_BOOL
    }
  }
}
