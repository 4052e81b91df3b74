# The action's image. A release replaces the base's name by name@sha256:digest.
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
RUN apt-get -qq update \
 && apt-get -qq install --no-install-recommends binutils > /dev/null
COPY requirements/build.txt requirements/runtime.txt requirements/
# The environment has no pip of its own: what builds it stays in this stage.
RUN python -m venv /build/tools \
 && /build/tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /app/venv \
 && /build/tools/bin/pip --python /app/venv/bin/python install --quiet --disable-pip-version-check --no-cache-dir \
    --require-hashes --only-binary :all: -r requirements/runtime.txt
# botocore describes some 400 services, most of the image: these are the ones that are asked, or sign in.
RUN cd /app/venv/lib/python3*/site-packages/botocore/data \
 && find . -mindepth 1 -maxdepth 1 -type d | grep -vxE "\./(application-autoscaling|cloudformation|cloudwatch|codedeploy\
|ecr|ecs|elbv2|events|iam|logs|resourcegroupstaggingapi|s3|scheduler|secretsmanager|service-quotas|servicediscovery|signin\
|sqs|ssm|sso|sso-oidc|sts)" | xargs rm -r
# Nobody here signs tokens of GitHub Apps (cryptography), compiles C (pycparser), needs more of boto3 than its engine, or pydantic's old face.
RUN cd /app/venv/lib/python3*/site-packages \
 && rm -r cryptography pycparser boto3 s3transfer pydantic/v1 tests _jsonnet_test.py \
 && find . -name "*.pyi" -delete -o -name "examples-1.json" -delete
# Some wheels bring their debugging symbols along: Jsonnet's are 26 MB of 28.
RUN find /app/venv/lib -name "*.so" -exec strip --strip-unneeded {} +
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY examples/demo examples/demo
RUN /build/tools/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist . \
 && /build/tools/bin/pip --python /app/venv/bin/python install --quiet --disable-pip-version-check --no-deps dist/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="esprestack" \
      org.opencontainers.image.description="Scheduled ECS tasks from Git" \
      org.opencontainers.image.source="https://github.com/esprestack/esprestack" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /app/venv /app/venv
COPY entrypoint.py /app/entrypoint.py
ENV PATH=/app/venv/bin:$PATH
# Isolated (-I): the working folder is a pull request's checkout, and nothing in it may be imported.
ENTRYPOINT ["python", "-I", "-u", "-B", "/app/entrypoint.py"]
