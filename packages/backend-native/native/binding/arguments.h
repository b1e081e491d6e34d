// Reads arguments of JavaScript and refuses what does not fit, before any pointer moves.
#pragma once

#include <napi.h>

#include <string>

#include "../base/buffer.h"

namespace halftone {

template <typename T>
struct TypeOf;
template <>
struct TypeOf<float> {
  static constexpr napi_typedarray_type kType = napi_float32_array;
  static constexpr const char* kName = "Float32Array";
};
template <>
struct TypeOf<int32_t> {
  static constexpr napi_typedarray_type kType = napi_int32_array;
  static constexpr const char* kName = "Int32Array";
};

// Arguments by their places. What is wrong is thrown as a TypeError or a RangeError that names the argument.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info), env_(info.Env()) {}

  // A whole number from `least` to `most`.
  int64_t Integer(size_t place, const char* name, int64_t least, int64_t most) const {
    double value = 0;
    if (napi_get_value_double(env_, Value(place), &value) != napi_ok) Fail(name, "is no number");
    if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most)))
      throw Napi::RangeError::New(env_, std::string(name) + " is out of range");
    const int64_t whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) != value) Fail(name, "is no whole number");
    return whole;
  }

  size_t Size(size_t place, const char* name) const {
    return static_cast<size_t>(Integer(place, name, 0, int64_t{1} << 48));
  }

  // a * b elements. Throws where that is more than memory can hold.
  size_t Product(size_t a, size_t b) const {
    size_t product;
    if (!CheckedMultiply(a, b, &product)) throw Napi::RangeError::New(env_, "there are too many elements");
    return product;
  }

  bool Flag(size_t place, const char* name) const {
    bool value = false;
    if (napi_get_value_bool(env_, Value(place), &value) != napi_ok) Fail(name, "is no boolean");
    return value;
  }

  float Number(size_t place, const char* name) const {
    double value = 0;
    if (napi_get_value_double(env_, Value(place), &value) != napi_ok) Fail(name, "is no number");
    return static_cast<float>(value);
  }

  // Elements of a typed array that has at least `count`.
  template <typename T>
  T* Elements(size_t place, const char* name, size_t count) const {
    return static_cast<T*>(Array(place, name, count, TypeOf<T>::kType, TypeOf<T>::kType, TypeOf<T>::kName));
  }

  // The same of codes: Int8Array or Uint8Array.
  uint8_t* Codes(size_t place, const char* name, size_t count) const {
    return static_cast<uint8_t*>(
        Array(place, name, count, napi_int8_array, napi_uint8_array, "Int8Array or Uint8Array"));
  }

  // Elements of a typed array of any type, and their size.
  void* Any(size_t place, const char* name, size_t count, size_t* element_bytes) const {
    if (!info_[place].IsTypedArray()) Fail(name, "is no typed array");
    const napi_typedarray_type type = info_[place].As<Napi::TypedArray>().TypedArrayType();
    *element_bytes = info_[place].As<Napi::TypedArray>().ElementSize();
    return Array(place, name, count, type, type, "typed array");
  }

  // Null for null and undefined.
  template <typename T>
  T* OptionalElements(size_t place, const char* name, size_t count) const {
    return IsNone(place) ? nullptr : Elements<T>(place, name, count);
  }

  bool IsNone(size_t place) const {
    napi_valuetype type;
    napi_typeof(env_, Value(place), &type);
    return type == napi_null || type == napi_undefined;
  }

  bool IsFloats(size_t place) const {
    return info_[place].IsTypedArray() &&
           info_[place].As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
  }

  bool IsSigned(size_t place) const {
    return info_[place].IsTypedArray() &&
           info_[place].As<Napi::TypedArray>().TypedArrayType() == napi_int8_array;
  }

  // What a native class of ours wraps.
  template <typename T>
  T* Wrapped(size_t place, const char* name, const napi_type_tag& tag) const {
    bool ours = false;
    napi_value value = Value(place);
    napi_valuetype type;
    napi_typeof(env_, value, &type);
    if (type != napi_object || napi_check_object_type_tag(env_, value, &tag, &ours) != napi_ok || !ours)
      Fail(name, "is not what this takes");
    return T::Unwrap(Napi::Object(env_, value));
  }

  Napi::Env env() const { return env_; }

 private:
  napi_value Value(size_t place) const { return info_[place]; }

  [[noreturn]] void Fail(const char* name, const char* what) const {
    throw Napi::TypeError::New(env_, std::string(name) + " " + what);
  }

  void* Array(size_t place, const char* name, size_t count, napi_typedarray_type first, napi_typedarray_type second,
              const char* wanted) const {
    napi_value value = Value(place);
    bool is_array = false;
    napi_is_typedarray(env_, value, &is_array);
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (!is_array || napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
        (type != first && type != second))
      throw Napi::TypeError::New(env_, std::string(name) + " is no " + wanted);
    // A detached array has no elements.
    if (length < count)
      throw Napi::RangeError::New(env_, std::string(name) + " has " + std::to_string(length) + " elements, " +
                                            std::to_string(count) + " are needed");
    return data;
  }

  const Napi::CallbackInfo& info_;
  Napi::Env env_;
};

}  // namespace halftone
