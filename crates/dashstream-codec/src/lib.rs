//! DashStream wire types, framing, header peek, and protobuf decoding within a heap budget.
